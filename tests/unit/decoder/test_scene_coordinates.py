import numpy as np
import pytest

from neumap.decoder.scene_coordinates import SceneCoordinates


def some() -> SceneCoordinates:
    confidence = np.array([0.2, 0.9, 0.5, 0.9], np.float32)
    xyz = np.arange(12.0).reshape(4, 3)
    return SceneCoordinates.from_unsorted(np.array([7, 7, 3, 5]), xyz, confidence)


def test_candidates_are_sorted_with_their_rows():
    out = some()
    assert out.pixel_idx.tolist() == [7, 5, 3, 7]
    assert out.xyz_in_world[:, 0].tolist() == [3.0, 9.0, 6.0, 0.0]


def test_best_above_and_best_per_pixel_keep_the_most_confident():
    assert some().best(2).pixel_idx.tolist() == [7, 5]
    assert some().above(0.5).pixel_idx.tolist() == [7, 5]
    assert some().best_per_pixel().pixel_idx.tolist() == [7, 5, 3]
    assert some().best_per_pixel().confidence[0] == np.float32(0.9)


def test_no_candidates_are_a_value():
    empty = SceneCoordinates.empty()
    assert len(empty) == len(empty.best(3)) == len(empty.best_per_pixel()) == 0
    assert len(empty.above(0.5)) == 0


@pytest.mark.parametrize(
    ("xyz", "confidence", "reason"),
    [
        (np.zeros((2, 3)), [0.5, 0.6], "sorted"),
        (np.zeros((2, 3)), [1.5, 0.6], "outside"),
        (np.zeros((2, 3)), [np.nan, 0.6], "outside"),
        (np.full((2, 3), np.nan), [0.6, 0.5], "NaN"),
    ],
)
def test_broken_candidates_raise(xyz, confidence, reason):
    with pytest.raises(ValueError, match=reason):
        SceneCoordinates(np.arange(2), xyz, np.array(confidence, np.float32))
