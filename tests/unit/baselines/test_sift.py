"""SIFT by pycolmap, as an extractor."""

import numpy as np
import pytest

from neumap.baselines.sift import MAX_KEY_POINTS, SiftExtractor
from neumap.features.matching import mutual_nearest
from neumap.images.photo import load_photo


@pytest.fixture(scope="module")
def extractor():
    return SiftExtractor()


@pytest.fixture(scope="module")
def photo(room_queries):
    return load_photo(room_queries[0].path)


def test_descriptors_are_unit_vectors_of_128_values(extractor, photo):
    features = extractor.extract(photo)
    assert 50 < len(features) <= MAX_KEY_POINTS
    assert features.descriptors.shape[1] == extractor.descriptor_dim == 128
    np.testing.assert_allclose(np.linalg.norm(features.descriptors, axis=1), 1, atol=1e-5)
    assert (np.diff(features.scores) <= 0).all()


def test_a_photo_turned_half_round_has_its_key_points_turned(extractor, photo):
    plain, turned = extractor.extract(photo), extractor.extract(photo[::-1, ::-1].copy())
    pairs, _ = mutual_nearest(plain.descriptors, turned.descriptors, min_similarity=0.9)
    height, width = photo.shape[:2]
    moved = np.array([width, height]) - turned.xy_img[pairs[:, 1]]
    gap_px = np.linalg.norm(plain.xy_img[pairs[:, 0]] - moved, axis=1)
    assert len(pairs) > 50
    assert np.median(gap_px) < 0.2


def test_large_photos_are_reduced_and_positions_stay_in_stored_pixels(extractor, photo):
    large = photo.repeat(8, axis=0).repeat(8, axis=1)
    small, found = extractor.extract(photo), extractor.extract(large)
    pairs, _ = mutual_nearest(small.descriptors, found.descriptors, min_similarity=0.85)
    gap_px = np.linalg.norm(8 * small.xy_img[pairs[:, 0]] - found.xy_img[pairs[:, 1]], axis=1)
    assert len(pairs) > 20
    assert np.median(gap_px) < 4  # half a pixel of the small photo


def test_a_photo_without_texture_has_no_key_points(extractor):
    features = extractor.extract(np.zeros((120, 160, 3), dtype=np.uint8))
    assert len(features) == 0
    assert features.descriptors.shape == (0, 128)
