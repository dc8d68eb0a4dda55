import numpy as np
import pytest

from made_scene import unit
from neumap.errors import OptionError
from neumap.features import LocalFeatures
from neumap.retrieval import VladDescriptor
from neumap.retrieval.visual_words import VisualWords, packaged_words


def features_of(descriptors):
    xy = np.random.default_rng(0).uniform(0, 100, (len(descriptors), 2))
    return LocalFeatures(xy, descriptors, np.ones(len(descriptors), dtype=np.float32))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def descriptor():
    def unused(image):
        raise AssertionError(image)

    return VladDescriptor(unused)


def test_photos_of_one_place_are_more_alike_than_others(descriptor, rng):
    places = [unit(rng.normal(size=(400, 64))) for _ in range(4)]
    seen = [
        [unit(p[rng.permutation(400)[:250]] + 0.05 * rng.normal(size=(250, 64))) for _ in range(2)]
        for p in places
    ]
    vectors = np.stack([[descriptor.aggregate(features_of(d)) for d in both] for both in seen])
    alike = vectors[:, 0] @ vectors[:, 1].T
    others = alike[~np.eye(4, dtype=bool)]
    assert np.diag(alike).min() > others.max()


def test_vectors_have_unit_length_and_do_not_depend_on_the_order(descriptor, rng):
    descriptors = unit(rng.normal(size=(100, 64)))
    vector = descriptor.aggregate(features_of(descriptors))
    assert vector.shape == (descriptor.num_values,)
    assert vector.dtype == np.float32
    assert np.isclose(np.linalg.norm(vector), 1, atol=1e-6)
    assert np.allclose(vector, descriptor.aggregate(features_of(descriptors[::-1])), atol=1e-6)


def test_a_photo_without_key_points_is_alike_to_nothing(descriptor):
    vector = descriptor.aggregate(features_of(np.zeros((0, 64), np.float32)))
    assert (vector == 0).all()


def test_descriptors_of_another_width_are_refused(descriptor):
    with pytest.raises(ValueError, match="32 channels"):
        descriptor.aggregate(features_of(np.zeros((5, 32), np.float32)))


def test_words_are_the_means_of_what_is_nearest_to_them(rng):
    groups = unit(rng.normal(size=(3, 8)))
    data = (np.repeat(groups, 50, axis=0) + 0.01 * rng.normal(size=(150, 8))).astype(np.float32)
    words = VisualWords.fit(data, num_words=3, seed=1)
    word = words.words_of(data)
    for index in range(3):
        assert np.allclose(words.centres[index], data[word == index].mean(axis=0), atol=1e-5)


def test_the_same_seed_gives_the_same_words(rng):
    data = unit(rng.normal(size=(300, 8)))
    first, again = (VisualWords.fit(data, num_words=5, seed=3) for _ in range(2))
    assert (first.centres == again.centres).all()
    assert first.digest == again.digest
    assert VisualWords.fit(data, num_words=5, seed=4).digest != first.digest


def test_too_few_descriptors_give_no_words(rng):
    with pytest.raises(ValueError, match="3 descriptors give no 5 words"):
        VisualWords.fit(unit(rng.normal(size=(3, 8))), num_words=5, seed=0)


def test_words_read_back(tmp_path, rng):
    words = VisualWords.of_centres(unit(rng.normal(size=(4, 8))))
    words.save(tmp_path / "words")
    read = VisualWords.read((tmp_path / "words").read_bytes(), name="words")
    assert (read.centres == words.centres).all()
    assert read.digest == words.digest


def test_damaged_words_are_refused(tmp_path):
    broken = VisualWords.of_centres(np.full((2, 3), np.nan, np.float32))
    broken.save(tmp_path / "words")
    for data in (b"", b"no tensors at all", (tmp_path / "words").read_bytes()):
        with pytest.raises(OptionError, match="words"):
            VisualWords.read(data, name="words")


def test_the_packaged_words_are_those_of_the_page():
    words = packaged_words()
    assert words.centres.shape == (32, 64)
    assert words.digest == "6f55f15c8bba"
