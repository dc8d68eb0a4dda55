from dataclasses import replace

import numpy as np
import pytest

from neumap.errors import DataError, MappingError
from neumap.geometry import RigidTransform
from neumap.images import check_image_set, read_images, require_enough


@pytest.fixture
def image_set(write_layout):
    return read_images(write_layout("capture"))


def _with_pose(image_set, index, rotation, translation=(0.0, 0.0, 0.0)):
    images = list(image_set.images)
    pose = RigidTransform(np.array(rotation, dtype=np.float64), np.array(translation))
    images[index] = replace(images[index], cam_from_world=pose)
    return replace(image_set, images=tuple(images))


def test_checking_twice_changes_nothing(image_set):
    once = check_image_set(image_set)
    twice = check_image_set(once)
    assert once.warnings == twice.warnings
    for a, b in zip(once.images, twice.images, strict=True):
        np.testing.assert_array_equal(a.cam_from_world.matrix, b.cam_from_world.matrix)


def test_nan_mirrored_and_sheared_poses_are_all_named(image_set):
    broken = _with_pose(image_set, 0, np.full((3, 3), np.nan))
    broken = _with_pose(broken, 2, np.diag([1, 1, -1]))
    broken = _with_pose(broken, 3, np.eye(3) * 1.01)
    with pytest.raises(DataError) as caught:
        check_image_set(broken)
    faults = caught.value.faults
    assert [fault.subject for fault in faults] == [image_set.images[i].name for i in (0, 2, 3)]
    for fault, word in zip(faults, ("NaN", "mirrored", "orthonormal"), strict=True):
        assert word in fault.reason


def test_a_slightly_skewed_rotation_is_projected_and_said(image_set):
    skewed = _with_pose(image_set, 1, np.eye(3) + 2e-4 * np.ones((3, 3)))
    checked = check_image_set(skewed)
    rotation = checked.images[1].cam_from_world.rotation
    assert np.abs(rotation @ rotation.T - np.eye(3)).max() < 1e-12
    assert any("projected" in sentence for sentence in checked.warnings)


def test_images_without_pose_are_allowed(image_set):
    images = (replace(image_set.images[0], cam_from_world=None), *image_set.images[1:])
    checked = check_image_set(replace(image_set, images=images))
    assert checked.images[0].cam_from_world is None


def test_lost_frames_are_dropped_only_where_the_layout_marks_them(image_set):
    broken = _with_pose(image_set, 1, np.full((3, 3), np.inf))
    with pytest.raises(DataError):
        check_image_set(broken)
    names = [image.name for image in image_set.images]
    split = (tuple(names[:3]), tuple(names[3:]))
    seven = check_image_set(replace(broken, layout="7scenes", given_split=split))
    assert [image.name for image in seven.images] == [names[0], *names[2:]]
    assert seven.given_split == ((names[0], names[2]), tuple(names[3:]))
    assert any("1 frames without a finite pose" in sentence for sentence in seven.warnings)


def test_names_equal_after_unicode_composition_are_refused(image_set):
    composed, decomposed = "caf\u00e9.png", "cafe\u0301.png"
    images = (
        replace(image_set.images[0], name=composed),
        replace(image_set.images[1], name=decomposed),
    )
    with pytest.raises(DataError, match="NFC"):
        check_image_set(replace(image_set, images=images))


def test_few_images_warn_and_too_few_fail():
    assert require_enough([str(i) for i in range(10)]) is None
    assert "Only 4" in str(require_enough(["a", "b", "c", "d"]))
    with pytest.raises(MappingError, match="3 usable"):
        require_enough(["a", "b", "c"])
