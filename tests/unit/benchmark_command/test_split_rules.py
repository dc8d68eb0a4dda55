from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neumap.benchmark.split_rules import (
    EveryNth,
    FirstMapped,
    Folds,
    OfficialSplit,
    OwnSplitOrFolds,
    SplitRule,
)
from neumap.errors import DataError
from neumap.geometry import Camera, RigidTransform
from neumap.images import ImageSet, PosedImage

CAMERA = Camera.pinhole(80, 60, fx=70.0, fy=70.0, cx=40.0, cy=30.0)


def _set_of(num_photos, *, given_split=None):
    pose = RigidTransform(np.eye(3), np.zeros(3))
    images = tuple(
        PosedImage(f"{k:03d}.png", Path(f"{k:03d}.png"), CAMERA, pose) for k in range(num_photos)
    )
    return ImageSet(Path("set"), "made", "ours", "metre", images, given_split=given_split)


@given(num_photos=st.integers(5, 40), count=st.integers(2, 5))
def test_folds_query_each_photo_once_and_map_all_others(num_photos, count):
    images = _set_of(num_photos)
    folds = Folds(count=count).splits(images)
    queried = [name for fold in folds for name in fold.query_names]
    assert sorted(queried) == [image.name for image in images.images]
    assert all(len(fold.map_names) + len(fold.query_names) == num_photos for fold in folds)


def test_the_first_frames_are_mapped_and_the_others_queried():
    (split,) = FirstMapped(num_mapped=7).splits(_set_of(10))
    assert split.map_names == tuple(f"{k:03d}.png" for k in range(7))
    assert split.query_names == ("007.png", "008.png", "009.png")


def test_the_official_split_is_that_of_the_files_and_may_be_narrowed():
    split = (("000.png", "001.png"), ("002.png", "013.png"))
    images = _set_of(14, given_split=split)
    (whole,) = OfficialSplit(files="lists").splits(images)
    assert (whole.map_names, whole.query_names) == split
    (narrow,) = OfficialSplit(files="lists", query_pattern="01").splits(images)
    assert narrow.query_names == ("013.png",)


@pytest.mark.parametrize(
    ("rule", "images", "reason"),
    [
        (OfficialSplit(files="a.txt"), _set_of(9), "states no split. The benchmark needs a.txt"),
        (
            OfficialSplit(files="a.txt", query_pattern="x"),
            _set_of(9, given_split=(("000.png",), ("001.png",))),
            "has no query",
        ),
        (
            OfficialSplit(files="a.txt"),
            _set_of(9, given_split=((), ("001.png",))),
            "no photo to map",
        ),
        (FirstMapped(num_mapped=9), _set_of(9), "has 9 photos, expected more than 9"),
        (Folds(count=5), _set_of(4), "too few for 5 folds"),
        (EveryNth(step=5), _set_of(4), "expected at least 5"),
    ],
)
def test_a_rule_that_cannot_be_followed_says_why(rule, images, reason):
    with pytest.raises(DataError, match=reason):
        rule.splits(images)


def test_own_photos_take_the_layout_s_split_or_folds():
    rule = OwnSplitOrFolds(count=5)
    assert len(rule.splits(_set_of(10))) == 5
    given_split = (("000.png",), ("001.png",))
    assert len(rule.splits(_set_of(10, given_split=given_split))) == 1


def test_every_nth_maps_the_others():
    (split,) = EveryNth(step=5).splits(_set_of(11))
    assert split.query_names == ("002.png", "007.png")


@pytest.mark.parametrize(
    "rule",
    [
        OfficialSplit(files="a"),
        FirstMapped(num_mapped=1),
        Folds(),
        EveryNth(),
        OwnSplitOrFolds(),
    ],
)
def test_every_rule_is_a_rule_and_says_what_it_does(rule):
    assert isinstance(rule, SplitRule)
    assert rule.sentence
    assert replace(rule) == rule
