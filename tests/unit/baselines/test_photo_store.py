"""What is kept of mapped photos, what it costs, and first matches read from it."""

import numpy as np
import pytest

from made_scene import VIEW_CAMERA, made_views, truth_of, unit
from neumap.baselines.pair_matchers import MutualNearestMatcher, SizedFeatures
from neumap.baselines.pairs_reader import PairsReader
from neumap.baselines.photo_store import NO_POINT, PhotoStore, world_points
from neumap.features import LocalFeatures

SIZE = (VIEW_CAMERA.width, VIEW_CAMERA.height)


def _undescribed(image):
    raise AssertionError("the views are described already")


@pytest.fixture(scope="module")
def made():
    return made_views()


@pytest.fixture(scope="module")
def store(made):
    return PhotoStore.from_scene(truth_of(made), _undescribed, seed=0)


def reader_of(store, num_retrieved=3):
    matcher = MutualNearestMatcher(min_similarity=0.5)
    return PairsReader(store, matcher, num_retrieved=num_retrieved, query_size=SIZE)


def test_key_points_keep_their_points(made, store):
    for photo, shown in zip(store.photos, made.point_of_pixel, strict=True):
        np.testing.assert_array_equal(photo.point_idx, np.where(shown < 0, NO_POINT, shown))


def test_a_mapped_photo_is_the_most_like_itself(made, store):
    found = [store.nearest_photos(view.features, 1)[0] for view in made.views]
    assert found == list(range(len(made.views)))


def test_bytes_are_those_of_all_that_is_kept(made, store):
    num_pixels = sum(len(view.features) for view in made.views)
    per_pixel = 2 * 64 + 4
    num_words = 32
    vectors = len(made.views) * num_words * 64 * 2
    expected = num_pixels * per_pixel + 12 * len(made.xyz_in_world) + vectors + 4 * num_words * 64
    assert store.num_bytes(has_positions=False) == expected
    with_positions = expected + 4 * num_pixels + 4 * len(made.views)
    assert store.num_bytes(has_positions=True) == with_positions


def test_the_same_seed_gives_the_same_store(made, store):
    again = PhotoStore.from_scene(truth_of(made), _undescribed, seed=0)
    np.testing.assert_array_equal(again.photo_vectors, store.photo_vectors)


def test_first_matches_are_the_points_that_the_key_points_show(made, store):
    view, shown = made.views[3], made.point_of_pixel[3]
    found = reader_of(store).predict(view.features)
    assert len(found) > 200
    true_xyz = made.xyz_in_world[shown[found.pixel_idx]]
    is_right = (shown[found.pixel_idx] >= 0) & (
        np.linalg.norm(found.xyz_in_world - true_xyz, axis=1) < 1e-4
    )
    assert is_right.mean() > 0.95


def test_a_pair_of_key_point_and_point_is_given_once(made, store):
    found = reader_of(store, num_retrieved=8).predict(made.views[3].features)
    rows = np.column_stack([found.pixel_idx, found.xyz_in_world])
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_photos_that_agree_give_more_confidence(made, store):
    seen = made.views[3].features
    noise = np.random.default_rng(0).normal(size=seen.descriptors.shape)
    features = LocalFeatures(seen.xy_img, unit(seen.descriptors + 0.1 * noise), seen.scores)
    few, many = (reader_of(store, num_retrieved=n).predict(features) for n in (1, 4))
    assert many.confidence.mean() > few.confidence.mean() + 0.05


def test_photos_are_retrieved_once_for_a_query(made, store, monkeypatch):
    retrieve, asked = PhotoStore.nearest_photos, []

    def nearest_photos(self, features, count):
        asked.append(len(features))
        return retrieve(self, features, count)

    monkeypatch.setattr(PhotoStore, "nearest_photos", nearest_photos)
    reader, features = reader_of(store), made.views[3].features
    table = reader.guide(features)
    for number in (200, len(features)):  # few key-points first, as queries are localised
        assert len(reader.predict(features.best(number))) > 0
    assert asked == [len(features)]
    expected, _ = world_points(store, store.nearest_photos(features, 3))
    np.testing.assert_array_equal(table.anchors_in_world, expected)


def test_a_photo_without_key_points_gives_nothing(store):
    nothing = LocalFeatures(
        np.zeros((0, 2)), np.zeros((0, 64), np.float32), np.zeros(0, np.float32)
    )
    assert len(reader_of(store).predict(nothing)) == 0
    assert reader_of(store).guide(nothing) is None


def test_points_of_photos_are_listed_once(made, store):
    xyz, descriptors = world_points(store, (0, 1))
    both = np.union1d(made.point_of_pixel[0], made.point_of_pixel[1])
    assert len(xyz) == len(descriptors) == (both >= 0).sum()


def test_mutual_matches_below_the_limit_are_left_out(made):
    a, b = (SizedFeatures(made.views[i].features, SIZE) for i in (0, 1))
    pairs, confidence = MutualNearestMatcher(min_similarity=0.9).match(a, b)
    assert 0 < len(pairs) < len(MutualNearestMatcher().match(a, b)[0])
    assert (confidence >= 0.9).all()
