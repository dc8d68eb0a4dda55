from pathlib import Path

import numpy as np
import pytest

from neumap.errors import OptionError
from neumap.geometry import Camera, RigidTransform
from neumap.images import PosedImage
from neumap.retrieval import AbstractGlobalDescriptor, nearest_photos

CAMERA = Camera.pinhole(80, 60, fx=70.0, fy=70.0, cx=40.0, cy=30.0)


class Direction(AbstractGlobalDescriptor):
    """Describes photo `30` by the direction of 30 degrees."""

    identity = "direction"
    num_values = 2

    def describe(self, image):
        angle = np.radians(float(image.name))
        return np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)


def photos(*names):
    pose = RigidTransform(np.eye(3), np.zeros(3))
    return [PosedImage(name, Path(name), CAMERA, pose) for name in names]


def test_queries_get_their_most_alike_photos_best_first():
    pairs = nearest_photos(photos("10", "80"), photos("90", "0", "40"), Direction(), count=2)
    assert pairs == (("10", "0"), ("10", "40"), ("80", "90"), ("80", "40"))


def test_progress_counts_all_photos():
    seen = []
    nearest_photos(
        photos("1"), photos("2", "3"), Direction(), count=9, progress=lambda *at: seen.append(at)
    )
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("queries", "mapped", "count", "what"),
    [(["1"], ["2"], 0, "--num"), ([], ["2"], 1, "no queries"), (["1"], [], 1, "no mapped photos")],
)
def test_nothing_to_pair_is_refused(queries, mapped, count, what):
    with pytest.raises(OptionError, match=what):
        nearest_photos(photos(*queries), photos(*mapped), Direction(), count=count)
