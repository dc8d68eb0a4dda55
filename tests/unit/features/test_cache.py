import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from neumap.errors import OptionError, PhotoError
from neumap.features import AbstractExtractor, LocalFeatures
from neumap.features.cache import FeatureCache
from neumap.geometry import Camera
from neumap.images import PosedImage

CAMERA = Camera.pinhole(48, 32, fx=40.0, fy=40.0, cx=24.0, cy=16.0)


class CountingExtractor(AbstractExtractor):
    """Features that depend on the photo's mean, and a count of calls."""

    def __init__(self, identity="counting-1", count=5):
        self._identity = identity
        self._count = count
        self.calls = 0

    @property
    def identity(self):
        return self._identity

    @property
    def descriptor_dim(self):
        return 8

    def extract(self, rgb):
        self.calls += 1
        rng = np.random.default_rng(int(rgb.sum()))
        descriptors = rng.normal(size=(self._count, 8)).astype(np.float32)
        scores = np.linspace(1, 0.1, self._count, dtype=np.float32)
        return LocalFeatures(rng.uniform(0, 30, (self._count, 2)), descriptors, scores)


def write_photo(path, seed=0):
    rgb = np.random.default_rng(seed).integers(0, 256, (32, 48, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(path)
    return PosedImage(path.name, path, CAMERA, None)


def assert_same(a, b):
    np.testing.assert_array_equal(a.xy_img, b.xy_img)
    np.testing.assert_array_equal(a.descriptors, b.descriptors)
    np.testing.assert_array_equal(a.scores, b.scores)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


@pytest.fixture
def image(tmp_path):
    return write_photo(tmp_path / "a.png")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "new" / "cache"


def test_a_second_run_computes_nothing_and_gives_the_same_bits(folder, image):
    first = FeatureCache(folder, CountingExtractor()).describe(image)
    extractor = CountingExtractor()
    assert_same(FeatureCache(folder, extractor).describe(image), first)
    assert extractor.calls == 0


def test_cached_arrays_may_be_written_to(folder, image):
    cache = FeatureCache(folder, CountingExtractor())
    cache.describe(image)
    features = cache.describe(image)
    assert features.xy_img.flags.writeable
    assert features.descriptors.flags.writeable
    assert features.scores.flags.writeable


def test_a_photo_without_key_points_is_remembered_too(folder, image):
    extractor = CountingExtractor(count=0)
    cache = FeatureCache(folder, extractor)
    cache.describe(image)
    assert cache.describe(image).descriptors.shape == (0, 8)
    assert extractor.calls == 1


def test_other_content_under_the_same_name_is_described_anew(folder, image):
    extractor = CountingExtractor()
    cache = FeatureCache(folder, extractor)
    first = cache.describe(image)
    write_photo(image.path, seed=1)
    second = cache.describe(image)
    assert extractor.calls == 2
    assert not np.array_equal(first.xy_img, second.xy_img)


def test_the_same_content_under_another_name_is_known(folder, image, tmp_path):
    extractor = CountingExtractor()
    cache = FeatureCache(folder, extractor)
    cache.describe(image)
    cache.describe(write_photo(tmp_path / "b.png"))
    assert extractor.calls == 1


def test_another_extractor_or_setting_has_entries_of_its_own(folder, image):
    FeatureCache(folder, CountingExtractor("counting-1")).describe(image)
    other = CountingExtractor("counting-2")
    FeatureCache(folder, other).describe(image)
    assert other.calls == 1
    assert len(list(folder.iterdir())) == 2


def cut(data):
    return data[: len(data) // 2]


def flipped_value(data):
    at = len(data) - 60  # a byte of the tensors
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def flipped_digest(data):
    return data[:-1] + bytes([data[-1] ^ 128])


@pytest.mark.parametrize(
    "damage", [cut, flipped_value, flipped_digest, lambda data: b"", lambda data: data + b"\0"]
)
def test_a_damaged_file_is_computed_again_and_replaced(folder, image, damage):
    first = FeatureCache(folder, CountingExtractor()).describe(image)
    path = only_file(folder)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    extractor = CountingExtractor()
    assert_same(FeatureCache(folder, extractor).describe(image), first)
    assert extractor.calls == 1
    assert only_file(folder).read_bytes() == whole


def test_every_flipped_byte_is_noticed(folder, image):
    extractor = CountingExtractor(count=1)
    cache = FeatureCache(folder, extractor)
    cache.describe(image)
    path = only_file(folder)
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        before = extractor.calls
        cache.describe(image)
        assert extractor.calls == before + 1, at


def test_a_file_moved_to_another_key_is_not_trusted(folder, image, tmp_path):
    cache = FeatureCache(folder, CountingExtractor())
    cache.describe(image)
    known = only_file(folder)
    other = write_photo(tmp_path / "b.png", seed=1)
    expected = cache.describe(other)
    (second,) = set(folder.iterdir()) - {known}
    second.write_bytes(known.read_bytes())
    assert_same(cache.describe(other), expected)


def test_a_file_holds_plain_tensors(folder, image):
    features = FeatureCache(folder, CountingExtractor()).describe(image)
    tensors = load_file(only_file(folder))
    assert sorted(tensors) == ["descriptors", "scores", "sha256", "xy_img"]
    np.testing.assert_array_equal(tensors["descriptors"], features.descriptors)


def _describe_all(folder, paths):
    cache = FeatureCache(folder, CountingExtractor())
    for path in paths:
        cache.describe(PosedImage(path.name, path, CAMERA, None))


def test_two_processes_may_fill_one_folder(folder, tmp_path):
    images = [write_photo(tmp_path / f"{seed}.png", seed) for seed in range(12)]
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    paths = [image.path for image in images]
    workers = [context.Process(target=_describe_all, args=(folder, paths)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    extractor = CountingExtractor()
    cache = FeatureCache(folder, extractor)
    for image in images:
        cache.describe(image)
    assert extractor.calls == 0
    assert len(list(folder.iterdir())) == 12  # no temporary file is left


def test_an_unreadable_photo_is_a_photo_error_and_leaves_no_entry(folder, tmp_path):
    cache = FeatureCache(folder, CountingExtractor())
    path = tmp_path / "no.png"
    with pytest.raises(PhotoError):
        cache.describe(PosedImage("no.png", path, CAMERA, None))
    path.write_bytes(b"no photo")
    with pytest.raises(PhotoError):
        cache.describe(PosedImage("no.png", path, CAMERA, None))
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_an_option_error(image):
    with pytest.raises(OptionError, match="cannot be made"):
        FeatureCache(image.path / "cache", CountingExtractor())
