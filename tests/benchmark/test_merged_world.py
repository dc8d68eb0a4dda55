from pathlib import Path

import numpy as np
import pytest
from benchmarks.merged_world import (
    Distractors,
    NearestInWorld,
    WorldPlan,
    merge_codes,
    merge_yardsticks,
    shifted,
)

from made_scene import VIEW_CAMERA, pose_on_arc, unit
from neumap.baselines.nearest import NearestReader
from neumap.baselines.yardstick_space import read_space
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.decoder.places import PlaceConfig
from neumap.decoder.weights import load_anchored_decoder
from neumap.features import LocalFeatures
from neumap.images import PosedImage
from neumap.scene_readers import AnchoredReader


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def distractors(rng):
    xyz = rng.uniform(-3, 3, (600, 3))
    return Distractors(xyz, unit(rng.normal(size=(600, 64))), np.repeat([0, 1, 2], 200))


@pytest.fixture
def clouds(rng):
    return [rng.uniform(-5, 5, (200, 3)) + 100, rng.uniform(-0.5, 0.5, (150, 3))]


def codes_of(xyz, descriptors, space, code_bits):
    levels = space.with_levels(2**code_bits).quantise(space.project(descriptors))
    return AnchoredCodes.from_points(xyz, levels, anchor_bits=12, code_bits=code_bits)


def test_scenes_do_not_overlap_in_the_world(clouds, distractors):
    plan = WorldPlan.of(clouds, distractors)
    boxes = [xyz + shift for xyz, shift in zip(clouds, plan.scene_shifts, strict=True)]
    boxes += [plan.distractor_xyz[distractors.scene_idx == i] for i in range(3)]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            is_apart = (a.max(axis=0) < b.min(axis=0)) | (b.max(axis=0) < a.min(axis=0))
            assert is_apart.any()


def test_a_shifted_photo_sees_the_shifted_scene_as_before(clouds):
    image = PosedImage("photo", Path("photo"), VIEW_CAMERA, pose_on_arc(20.0))
    shift = np.array([10.0, -20.0, 30.0])
    before = image.cam_from_world.apply(clouds[1])
    after = shifted(image, shift).cam_from_world.apply(clouds[1] + shift)
    assert np.allclose(before, after, atol=1e-9)


def test_the_yardstick_in_blocks_answers_as_the_yardstick(rng, clouds, distractors):
    space = read_space()
    looks = unit(rng.normal(size=(350, 64)))
    vectors = space.unit_codes(space.quantise(space.project(looks)))
    parts = [
        NearestReader(clouds[0], vectors[:200], 0, space),
        NearestReader(clouds[1], vectors[200:], 0, space),
    ]
    plan = WorldPlan.of(clouds, distractors)
    world = merge_yardsticks(parts, plan, distractors, space)
    features = LocalFeatures(np.zeros((300, 2)), looks[:300], np.ones(300, dtype=np.float32))
    expected, found = world.predict(features), NearestInWorld(world).predict(features)
    assert np.array_equal(expected.pixel_idx, found.pixel_idx)
    assert np.array_equal(expected.xyz_in_world, found.xyz_in_world)


def test_merged_codes_keep_places_and_looks(rng, clouds, distractors):
    space = load_anchored_decoder()[0].code_space
    looks = [unit(rng.normal(size=(len(xyz), 64))) for xyz in clouds]
    parts = [codes_of(clouds[0], looks[0], space, 2), codes_of(clouds[1], looks[1], space, 4)]
    plan = WorldPlan.of(clouds, distractors)
    merged = merge_codes(parts, plan, distractors, space)
    assert len(merged) == 350 + 600
    for part, shift in zip(parts, plan.scene_shifts, strict=True):
        gap = np.linalg.norm(
            merged.anchors_in_world[:, None] - (part.anchors_in_world + shift)[None], axis=2
        )
        found = gap.argmin(axis=0)
        assert gap.min(axis=0).max() < 2e-4  # a step of the world of about 100
        before = space.with_levels(2**part.code_bits).unit_codes(part.levels)
        after = space.with_levels(2**merged.code_bits).unit_codes(merged.levels[found])
        assert (before * after).sum(axis=1).min() > 0.99


def test_the_decoder_finds_a_scene_in_the_merged_world(rng, clouds, distractors):
    decoder = load_anchored_decoder()[0]
    looks = [unit(rng.normal(size=(len(xyz), 64))) for xyz in clouds]
    space = decoder.code_space
    parts = [codes_of(xyz, own, space, 4) for xyz, own in zip(clouds, looks, strict=True)]
    plan = WorldPlan.of(clouds, distractors)
    codes = merge_codes(parts, plan, distractors, space)
    world = AnchoredReader(decoder, codes, PlaceConfig(max_place_codes=200, min_codes=500))
    pose = pose_on_arc(0.0)
    xy = VIEW_CAMERA.img_from_cam(pose.apply(clouds[1]))
    found = world.predict(LocalFeatures(xy, looks[1], np.ones(150, dtype=np.float32)))
    truth = clouds[1][found.pixel_idx] + plan.scene_shifts[1]
    is_right = np.linalg.norm(found.xyz_in_world - truth, axis=1) < 0.01
    assert is_right.sum() > 50
    assert is_right[:50].mean() > 0.9  # best confidence first
