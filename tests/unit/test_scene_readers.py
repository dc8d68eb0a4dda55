from dataclasses import replace

import numpy as np
import pytest

from made_scene import unit
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.decoder.places import PlaceConfig
from neumap.decoder.weights import load_anchored_decoder
from neumap.features import LocalFeatures
from neumap.scene_readers import AnchoredReader


@pytest.fixture(scope="module")
def town():
    """Eight rooms of 100 points, 50 m apart; each point's descriptor and room."""
    rng = np.random.default_rng(0)
    room = np.repeat(np.arange(8), 100)
    xyz = rng.uniform(-2, 2, (800, 3)) + 50.0 * room[:, None] * [1, 0, 0]
    looks = unit(rng.normal(size=(800, 64)))
    decoder, _ = load_anchored_decoder()
    space = decoder.code_space
    levels = space.quantise(space.project(looks))
    halvings = np.zeros(800, dtype=np.int64)
    codes = AnchoredCodes.from_points(
        xyz, levels, anchor_bits=16, code_bits=space.bits, halvings=halvings
    )
    return codes, looks, room


def photo_of(looks, seed):
    rng = np.random.default_rng(seed)
    seen = unit(looks + 0.05 * rng.normal(size=looks.shape))
    stray = unit(rng.normal(size=(100, 64)))
    descriptors = np.concatenate([seen, stray])
    xy = rng.uniform(0, 480, (len(descriptors), 2))
    return LocalFeatures(xy, descriptors, np.ones(len(descriptors), dtype=np.float32))


@pytest.mark.parametrize("room", [0, 4, 7])
def test_of_a_large_map_only_the_rooms_in_the_photo_are_read(town, room):
    codes, looks, room_of_point = town
    config = PlaceConfig(num_places=1, max_place_codes=100, min_codes=500)
    reader = AnchoredReader(load_anchored_decoder()[0], codes, config)
    found = reader.predict(photo_of(looks[room_of_point == room], room))
    assert len(found) > 30
    assert (np.abs(found.xyz_in_world[:, 0] - 50.0 * room) < 3).all()
    whole = AnchoredReader(load_anchored_decoder()[0], codes)
    elsewhere = whole.predict(photo_of(looks[room_of_point == room], room))
    assert (np.abs(elsewhere.xyz_in_world[:, 0] - 50.0 * room) > 3).any()


def test_codes_around_the_first_matches_are_read_again_without_the_wrong_places(town):
    codes, looks, room_of_point = town
    photo = photo_of(looks[room_of_point == 3][:40], 3)
    decoder = load_anchored_decoder()[0]
    config = PlaceConfig(max_place_codes=100, min_codes=500, min_share=0.0, num_around=100)
    found = AnchoredReader(decoder, codes, config).predict(photo)
    everything = AnchoredReader(decoder, codes, replace(config, min_support=0.0)).predict(photo)

    def is_right(matches):
        return np.abs(matches.xyz_in_world[:, 0] - 150.0) < 3

    assert is_right(found).mean() > is_right(everything).mean() + 0.1
    assert is_right(found).sum() >= is_right(everything).sum()


def test_a_map_below_the_limit_is_read_as_a_whole(town):
    codes, looks, room = town
    photo = photo_of(looks[room == 2], 2)
    decoder, _ = load_anchored_decoder()
    known = decoder.predict(photo, codes)
    found = AnchoredReader(decoder, codes, PlaceConfig(min_codes=801)).predict(photo)
    assert (found.pixel_idx == known.pixel_idx).all()
    assert (found.xyz_in_world == known.xyz_in_world).all()


def test_the_guide_has_all_codes_of_a_large_map(town):
    codes, looks, room = town
    reader = AnchoredReader(load_anchored_decoder()[0], codes, PlaceConfig(min_codes=500))
    assert len(reader.guide(photo_of(looks[room == 2], 2)).anchors_in_world) == 800


def test_a_photo_without_key_points_has_no_coordinates(town):
    codes, _, _ = town
    nothing = LocalFeatures(
        np.zeros((0, 2)), np.zeros((0, 64), np.float32), np.zeros(0, np.float32)
    )
    reader = AnchoredReader(load_anchored_decoder()[0], codes, PlaceConfig(min_codes=500))
    assert len(reader.predict(nothing)) == 0
