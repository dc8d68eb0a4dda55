import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_scene import unit
from neumap.decoder.places import (
    PlaceConfig,
    choose_places,
    nearest_codes,
    places_of_codes,
    supported_codes,
)
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.errors import OptionError


@given(st.integers(0, 300), st.integers(1, 50), st.integers(0, 1000))
def test_every_code_has_a_place_and_no_place_too_many_codes(num_codes, most, seed):
    anchors = np.random.default_rng(seed).normal(size=(num_codes, 3))
    places = places_of_codes(anchors, max_place_codes=most)
    counts = np.bincount(places)
    assert counts.sum() == num_codes
    assert (counts > 0).all()
    assert (counts <= most).all()
    if num_codes > most:
        assert counts.min() >= most // 2  # halves of what is too much


def test_codes_of_a_place_lie_together():
    rng = np.random.default_rng(0)
    rooms = np.repeat([[0, 0, 0], [100, 0, 0], [0, 70, 0], [100, 70, 0]], 64, axis=0)
    anchors = rooms + rng.uniform(-1, 1, (256, 3))
    places = places_of_codes(anchors[rng.permutation(256)], max_place_codes=64)
    assert len(np.unique(places)) == 4
    shuffled = rng.permutation(256)
    places = places_of_codes(anchors[shuffled], max_place_codes=64)
    for place in range(4):
        assert len(np.unique(rooms[shuffled][places == place], axis=0)) == 1


def test_nearest_codes_are_those_of_all_cosines():
    rng = np.random.default_rng(0)
    query, vectors = unit(rng.normal(size=(600, 8))), unit(rng.normal(size=(20_000, 8)))
    found = nearest_codes(query, vectors)
    assert (found == (query @ vectors.T).argmax(axis=1)).mean() > 0.999  # ties in rounding
    cosine = np.einsum("nv,nv->n", query, vectors[found])
    assert np.allclose(cosine, (query @ vectors.T).max(axis=1), atol=1e-6)


def test_the_place_with_more_votes_than_chance_gives_is_chosen():
    place_idx = np.repeat(np.arange(10), 100)
    place_idx = np.concatenate([place_idx, np.full(4000, 10)])  # one place of many codes
    rng = np.random.default_rng(0)
    stray = rng.integers(0, len(place_idx), 900)
    right = rng.integers(300, 400, 60)  # of place 3
    chosen = choose_places(np.concatenate([stray, right]), place_idx, config=PlaceConfig())
    assert chosen[0] == 3
    assert 10 not in chosen


def test_a_code_that_hundreds_of_key_points_are_nearest_to_has_one_vote():
    place_idx = np.repeat(np.arange(20), 100)
    leaf, right = np.full(400, 150), np.arange(700, 730)
    chosen = choose_places(np.concatenate([leaf, right]), place_idx, config=PlaceConfig())
    assert chosen.tolist() == [7]


def test_places_far_behind_the_best_are_not_chosen():
    place_idx = np.repeat(np.arange(20), 100)
    voted = np.concatenate([np.arange(90), np.arange(100, 170), np.arange(200, 2000, 40)])
    few = choose_places(voted, place_idx, config=PlaceConfig(min_share=0.5))
    assert few.tolist() == [0, 1]
    one = choose_places(voted, place_idx, config=PlaceConfig(num_places=1))
    assert one.tolist() == [0]


def test_votes_all_alike_choose_a_place_all_the_same():
    chosen = choose_places(np.arange(100), np.arange(100) // 10, config=PlaceConfig(num_places=3))
    assert len(chosen) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_places": 0},
        {"min_codes": 0},
        {"max_place_codes": 0},
        {"min_share": 1.5},
        {"num_around": 0},
        {"min_support": -0.1},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(OptionError, match="PlaceConfig"):
        PlaceConfig(**wrong)


def _matches(xyz, confidence):
    idx = np.arange(len(xyz))
    return SceneCoordinates.from_unsorted(idx, xyz, np.array(confidence, dtype=np.float32))


def test_codes_around_matches_that_support_each_other_are_read_again():
    rng = np.random.default_rng(0)
    rooms = np.repeat([[0.0, 0, 0], [50, 0, 0], [100, 0, 0]], 40, axis=0)
    anchors = rooms + rng.uniform(-1, 1, (120, 3))
    matched = np.concatenate([anchors[40:70], anchors[:2], anchors[80:82]])
    confidence = [0.5] * 30 + [0.9] * 4  # a stray match may be a confident one
    config = PlaceConfig(num_around=20)
    is_read = supported_codes(anchors, _matches(matched, confidence), config=config)
    assert is_read[40:80].mean() > 0.9
    assert not is_read[:40].any()
    assert not is_read[80:].any()


def test_a_code_that_many_key_points_match_counts_once():
    anchors = np.concatenate([np.arange(10)[:, None] * [1.0, 0, 0], [[99.0, 0, 0], [98.0, 0, 0]]])
    matched = np.concatenate([anchors[:10], np.repeat(anchors[10:11], 30, axis=0)])
    is_read = supported_codes(
        anchors, _matches(matched, [0.6] * 40), config=PlaceConfig(num_around=2, min_support=0.8)
    )
    assert is_read[:10].all()
    assert not is_read[10:].any()


@given(st.integers(1, 60), st.integers(1, 30), st.integers(1, 80), st.integers(0, 1000))
def test_supported_codes_do_not_depend_on_origin_or_unit(num_codes, num_matches, num_around, seed):
    rng = np.random.default_rng(seed)
    anchors = rng.normal(size=(num_codes, 3))
    matched = rng.integers(0, num_codes, num_matches)
    confidence = rng.uniform(0.1, 1, num_matches)
    config = PlaceConfig(num_around=num_around)
    here = supported_codes(anchors, _matches(anchors[matched], confidence), config=config)
    moved = 8 * anchors + 64
    there = supported_codes(moved, _matches(moved[matched], confidence), config=config)
    assert here.sum() >= min(num_around, num_codes)
    np.testing.assert_array_equal(here, there)


def test_without_a_match_no_code_is_read_again():
    anchors = np.zeros((5, 3))
    assert not supported_codes(anchors, SceneCoordinates.empty(), config=PlaceConfig()).any()
