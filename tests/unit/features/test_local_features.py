import numpy as np

from neumap.features import LocalFeatures


def features(count):
    rng = np.random.default_rng(0)
    descriptors = rng.normal(size=(count, 4)).astype(np.float32)
    scores = np.linspace(1, 0.1, count, dtype=np.float32)
    return LocalFeatures(rng.uniform(0, 9, (count, 2)), descriptors, scores)


def test_the_length_is_the_number_of_key_points():
    assert [len(features(count)) for count in (0, 1, 7)] == [0, 1, 7]


def test_the_best_are_the_first_in_every_field():
    whole = features(7)
    best = whole.best(3)
    np.testing.assert_array_equal(best.xy_img, whole.xy_img[:3])
    np.testing.assert_array_equal(best.descriptors, whole.descriptors[:3])
    np.testing.assert_array_equal(best.scores, whole.scores[:3])


def test_the_best_of_few_are_all():
    assert len(features(4).best(10)) == 4
    assert len(features(4).best(0)) == 0
