"""What every feature extractor promises, run for each of them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from neumap.features.residual_network import ResidualGridConfig, ResidualGridExtractor
from neumap.features.xfeat import XFeatConfig, XFeatExtractor

MAKERS = {
    "xfeat": (
        lambda: XFeatExtractor(XFeatConfig(max_side=320)),
        lambda: XFeatExtractor(XFeatConfig(max_side=320, detector="xfeat")),
    ),
    "residual-grid": (
        lambda: ResidualGridExtractor.from_seed(0, ResidualGridConfig(short_side=160)),
        lambda: ResidualGridExtractor.from_seed(0, ResidualGridConfig(short_side=168)),
    ),
}
SIZES = [(160, 224), (97, 131), (131, 97), (40, 40), (33, 200)]


@pytest.fixture(scope="module", params=MAKERS)
def makers(request):
    return MAKERS[request.param]


@pytest.fixture(scope="module")
def extractor(makers):
    return makers[0]()


def photo(height, width, seed=0):
    """Blocks of random colour with a little noise."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0, 230, (height // 12 + 1, width // 12 + 1, 3))
    picture = np.kron(blocks, np.ones((12, 12, 1), dtype=np.int64))[:height, :width]
    return (picture + rng.integers(0, 25, picture.shape)).astype(np.uint8)


def assert_valid(features, extractor, height, width):
    assert features.descriptors.shape == (len(features), extractor.descriptor_dim)
    assert features.scores.shape == (len(features),)
    assert np.isfinite(features.xy_img).all()
    assert (features.xy_img >= 0).all()
    assert (features.xy_img < (width, height)).all()
    np.testing.assert_allclose(np.linalg.norm(features.descriptors, axis=1), 1, atol=1e-4)
    assert (features.scores > 0).all()
    assert (np.diff(features.scores) <= 0).all()


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_key_points_of_any_size_are_inside_sorted_and_of_unit_length(extractor, height, width):
    features = extractor.extract(photo(height, width))
    assert_valid(features, extractor, height, width)
    assert len(features) > 0


@pytest.mark.parametrize("value", [0, 128, 255])
@pytest.mark.parametrize("size", [(120, 160), (41, 57)])
def test_a_photo_without_texture_raises_nothing(extractor, value, size):
    features = extractor.extract(np.full((*size, 3), value, dtype=np.uint8))
    assert_valid(features, extractor, *size)


def test_a_large_photo_is_reduced_and_described_in_its_own_pixels(extractor):
    features = extractor.extract(photo(900, 1300))
    assert_valid(features, extractor, 900, 1300)
    assert len(features) < 900 * 1300 / 64 / 4
    assert features.xy_img.max(axis=0) == pytest.approx((1300, 900), abs=80)


def test_the_same_photo_gives_the_same_features(makers, extractor):
    first, second = extractor.extract(photo(120, 160)), makers[0]().extract(photo(120, 160))
    np.testing.assert_array_equal(first.xy_img, second.xy_img)
    np.testing.assert_array_equal(first.descriptors, second.descriptors)
    np.testing.assert_array_equal(first.scores, second.scores)


def test_the_input_is_left_as_it_was(extractor):
    given = photo(120, 160)
    extractor.extract(given)
    np.testing.assert_array_equal(given, photo(120, 160))


def test_identity_is_stable_and_follows_the_settings(makers, extractor):
    assert makers[0]().identity == extractor.identity
    assert makers[1]().identity != extractor.identity


def test_positions_have_their_origin_at_the_corner(extractor):
    """In a photo that is its own mirror image, x becomes width - x; else all would be 1 px off."""
    offsets = []
    for seed in range(3):
        half = photo(160, 144, seed).astype(np.float64)
        half = gaussian_filter(half, (2.5, 2.5, 0)).astype(np.uint8)
        xy = extractor.extract(np.concatenate([half, half[:, ::-1]], axis=1)).xy_img
        mirrored = (288, 0) + xy * (-1, 1)
        gaps = np.linalg.norm(mirrored[:, None] - xy[None], axis=2)
        near = gaps.min(axis=1) < 3
        offsets.append((mirrored - xy[gaps.argmin(axis=1)])[near, 0])
    offset = np.concatenate(offsets)
    assert len(offset) > 300
    assert abs(float(offset.mean())) < 0.3
