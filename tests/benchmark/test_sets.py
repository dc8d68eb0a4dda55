from pathlib import Path

import numpy as np
import pytest
from benchmarks import sets
from benchmarks.regimes import Options, read_sets
from benchmarks.sets import Fold, folds_of, gap_fold, read_made_scenes, read_set
from hypothesis import given, settings
from hypothesis import strategies as st

from neumap.geometry import Camera, RigidTransform
from neumap.images import ImageSet, PosedImage

CAMERA = Camera.pinhole(64, 48, fx=60.0, fy=60.0, cx=32.0, cy=24.0)


def frames(count):
    return tuple(
        PosedImage(f"{i:04d}.jpg", Path(f"{i:04d}.jpg"), CAMERA, RigidTransform.identity())
        for i in range(count)
    )


def numbers(images):
    return [int(image.name[:4]) for image in images]


@settings(max_examples=20)  # the frames are slow to make with checked shapes
@given(st.integers(8, 60))
def test_the_four_gaps_query_each_frame_once_and_never_map_a_query(count):
    folds = [gap_fold(frames(count), quarter) for quarter in range(4)]
    assert [n for fold in folds for n in numbers(fold.queries)] == list(range(count))
    for fold in folds:
        assert sorted(numbers(fold.mapped + fold.queries)) == list(range(count))
        assert np.ptp(numbers(fold.queries)) == len(fold.queries) - 1  # contiguous


@settings(max_examples=20)
@given(st.integers(5, 60))
def test_five_folds_query_each_frame_once(count):
    folds = folds_of("fox", frames(count), 1)
    assert sorted(n for fold in folds for n in numbers(fold.queries)) == list(range(count))
    assert all(not set(numbers(f.mapped)) & set(numbers(f.queries)) for f in folds)


def test_redkitchen_maps_700_frames_and_queries_every_nth_of_300():
    (fold,) = folds_of("redkitchen", frames(1000), 5)
    assert numbers(fold.mapped) == list(range(700))
    assert numbers(fold.queries) == list(range(700, 1000, 5))


def test_thinning_keeps_one_mapping_photo_in_four_and_all_queries():
    fold = Fold(frames(40), frames(3)).thinned()
    assert numbers(fold.mapped) == list(range(0, 40, 4))
    assert len(fold.queries) == 3


def test_development_never_reads_the_test_frames_of_redkitchen(monkeypatch):
    whole = ImageSet(Path("redkitchen"), "capture", "", "metre", frames(1000))
    monkeypatch.setattr(sets, "read_images", lambda folder: whole)
    bench = read_set(Path("redkitchen"), 4, is_dev=True)
    used = [
        number
        for fold in (*bench.folds, *bench.gap_folds, *bench.thin_folds)
        for number in numbers(fold.mapped + fold.queries)
    ]
    assert max(used) == 699
    assert numbers(bench.folds[0].queries) == list(range(500, 700, 4))


@pytest.mark.parametrize("is_dev", [False, True])
def test_a_small_set_is_the_same_in_development(monkeypatch, is_dev):
    whole = ImageSet(Path("shelf50"), "capture", "", "metre", frames(50))
    monkeypatch.setattr(sets, "read_images", lambda folder: whole)
    bench = read_set(Path("shelf50"), 4, is_dev=is_dev)
    assert [len(fold.queries) for fold in bench.folds] == [10] * 5
    assert len(bench.gap_folds) == 4


def test_a_folder_without_finished_captures_has_no_folds(tmp_path):
    (tmp_path / "scene-0000").mkdir()
    assert read_made_scenes(tmp_path).folds == ()


def test_development_refuses_test_sets():
    options = Options(data=Path("data"), out=Path("out.json"), dev=True, sets=("fox",))
    with pytest.raises(SystemExit, match="fox"):
        read_sets(options, 4)
