import numpy as np
import pytest

from layout_writers import save_photo, save_pose
from neumap.errors import DataError
from neumap.images import read_images


@pytest.fixture
def root(write_layout):
    return write_layout("scannet")


def intrinsics(fx, cx, cy):
    k = np.eye(4)
    k[0, 0] = k[1, 1] = fx
    k[:2, 2] = (cx, cy)
    return k


@pytest.mark.parametrize("token", ["-inf", "nan"])
def test_untracked_frames_are_dropped_and_counted(root, token):
    (root / "pose/3.txt").write_text("\n".join([" ".join([token] * 4)] * 4) + "\n")
    image_set = read_images(root)
    assert [image.name for image in image_set.images] == [f"color/{i}.jpg" for i in (0, 1, 2, 4, 5)]
    assert any("1 frames without a finite pose" in sentence for sentence in image_set.warnings)


@pytest.mark.parametrize("scale", [10, 1])
def test_depth_keeps_its_own_intrinsics_of_640_x_480_or_of_its_pictures(root, scale):
    """The depth pictures have 64 x 48 pixels."""
    k = intrinsics(58.0 * scale, 31.5 * scale, 23.5 * scale)
    save_pose(root / "intrinsic/intrinsic_depth.txt", k)
    depth = read_images(root).images[0].depth
    assert (depth.camera.width, depth.camera.height) == (64, 48)
    np.testing.assert_allclose(depth.camera.params[:2], (58, 58))


@pytest.mark.parametrize(("cx", "size_of_intrinsics"), [(647.75, (1296, 968)), (319.9, (640, 480))])
def test_resized_frames_with_either_intrinsics_are_told_by_the_principal_point(
    root, cx, size_of_intrinsics
):
    for path in root.glob("color/*.jpg"):
        save_photo(path, np.zeros((480, 640, 3), np.uint8))
    cy = (size_of_intrinsics[1] - 1) / 2
    fx = 1170.19 * size_of_intrinsics[0] / 1296
    save_pose(root / "intrinsic/intrinsic_color.txt", intrinsics(fx, cx, cy))
    camera = read_images(root).images[0].camera
    assert (camera.width, camera.height) == (640, 480)
    assert abs(camera.fx - 1170.19 * 640 / 1296) < 1e-6
    assert abs(camera.cx - 320) < 1


def test_frames_without_depth_are_read(root):
    (root / "intrinsic/intrinsic_depth.txt").unlink()
    assert all(image.depth is None for image in read_images(root).images)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("intrinsic/intrinsic_color.txt", "1 2 3\n", "line 1: has 3 numbers, expected 4"),
        ("intrinsic/intrinsic_color.txt", "-1 0 1 0\n0 1 1 0\n0 0 1 0\n0 0 0 1\n", "focal length"),
        ("pose/2.txt", "1 0 0 0\n" * 4, "pose/2.txt: last row of the pose"),
        ("pose/2.txt", "1 0 0 y\n" * 4, "pose/2.txt, line 1, field 4: 'y'"),
    ],
)
def test_malformed_files_are_refused_by_name(root, name, text, message):
    (root / name).write_text(text)
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_all_malformed_files_are_named_at_once(root):
    for index in (1, 4):
        (root / f"pose/{index}.txt").write_text("1\n")
    (root / "intrinsic/intrinsic_color.txt").write_text("1\n")
    with pytest.raises(DataError) as caught:
        read_images(root)
    names = [fault.subject.split("/")[-1] for fault in caught.value.faults]
    assert names == [f"{name}.txt, line 1" for name in ("intrinsic_color", "1", "4")]
