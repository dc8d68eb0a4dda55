import shutil

import numpy as np
import pytest

from bag_writer import CAMERA, BagContent, write_bag
from layout_writers import make_capture
from neumap.errors import DataError, NeumapError, OptionError
from neumap.extraction.bag_topics import NamedTopics
from neumap.extraction.extract import extract
from neumap.images import load_depth, load_photo, read_images

pytest.importorskip("rosbags", reason="rosbags is not installed")

CAPTURE = make_capture()
PHOTOS = "/camera/image_raw"
NAMED = NamedTopics(image=PHOTOS)
"""The bag has a second topic of pictures, its depth."""


def extracted(tmp_path, content=None, *, version=1, named=NAMED, name="a.bag", every=1):
    write_bag(tmp_path / name, CAPTURE, content, version=version)
    out = tmp_path / "out"
    done = extract(
        tmp_path / name, out, named=named, every=every, progress=lambda done, total: None
    )
    return done, out


def assert_poses_are_those_of_the_capture(image_set, indices=range(6)):
    assert len(image_set.images) == len(indices)
    for index, image in zip(indices, image_set.images, strict=True):
        gap = image.cam_from_world.matrix @ CAPTURE.world_from_cam[index] - np.eye(4)
        assert np.abs(gap).max() < 1e-6


@pytest.mark.parametrize(
    ("version", "name"), [(1, "a.bag"), (2, "folder"), (2, "folder_mcap"), (2, "single.mcap")]
)
def test_a_bag_is_read_as_a_tum_sequence_with_the_poses_of_its_camera(version, name, tmp_path):
    """The bag poses the base of the robot; the camera sits on a mast on it."""
    if name == "single.mcap":
        write_bag(tmp_path / "folder_mcap", CAPTURE, version=2)
        shutil.move(next((tmp_path / "folder_mcap").glob("*.mcap")), tmp_path / name)
        out = tmp_path / "out"
        done = extract(tmp_path / name, out, named=NAMED, progress=lambda done, total: None)
    else:
        done, out = extracted(tmp_path, version=version, name=name)
    assert (done.layout, done.num_photos) == ("tum", 6)
    image_set = read_images(out)
    assert (image_set.layout, image_set.units) == ("tum", "metre")
    assert_poses_are_those_of_the_capture(image_set)
    for image, photo in zip(image_set.images, CAPTURE.photos, strict=True):
        np.testing.assert_array_equal(load_photo(image.path), photo)
        np.testing.assert_allclose(image.camera.params, (60, 61, 31, 25), atol=1e-9)


@pytest.mark.parametrize(
    ("pose_type", "posed_frame"),
    [
        ("geometry_msgs/msg/TransformStamped", None),
        ("geometry_msgs/msg/PoseStamped", CAMERA),
        ("geometry_msgs/msg/PoseWithCovarianceStamped", CAMERA),
    ],
)
def test_each_type_of_pose_is_read(pose_type, posed_frame, tmp_path):
    content = BagContent(pose_type=pose_type, pose_frame=CAMERA, has_static=False)
    named = NamedTopics(image=PHOTOS, posed_frame=posed_frame)
    assert_poses_are_those_of_the_capture(read_images(extracted(tmp_path, content, named=named)[1]))


@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "rgba8", "mono8"])
def test_each_encoding_gives_the_same_colours(encoding, tmp_path):
    _, out = extracted(tmp_path, BagContent(encoding=encoding, padding=5))
    pixels = load_photo(read_images(out).images[2].path)
    expected = CAPTURE.photos[2]
    if encoding == "mono8":
        expected = np.repeat(expected[:, :, :1], 3, axis=2)
    np.testing.assert_array_equal(pixels, expected)


def test_compressed_photos_keep_their_bytes_and_find_their_camera_info(tmp_path):
    content = BagContent(is_compressed=True)
    named = NamedTopics(image=f"{PHOTOS}/compressed")
    done, out = extracted(tmp_path, content, named=named)
    assert "intrinsics of /camera/camera_info" in done.remarks[0]
    np.testing.assert_array_equal(load_photo(read_images(out).images[0].path), CAPTURE.photos[0])


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_named_depth_is_written_in_the_unit_of_the_layout(encoding, tmp_path):
    named = NamedTopics(image=PHOTOS, depth="/camera/depth")
    _, out = extracted(tmp_path, BagContent(depth_encoding=encoding), named=named)
    for image in read_images(out).images:
        depth_m = load_depth(image.depth)
        assert np.isnan(depth_m[0, 0])
        np.testing.assert_allclose(depth_m[1:], CAPTURE.depth_m[1:], atol=2e-4)


def test_distortion_is_that_of_camera_info(tmp_path):
    coefficients = (0.1, 0.2, 0.003, 0.004, 0.5, 0.6, 0.7, 0.8)
    content = BagContent(distortion_model="rational_polynomial", distortion=coefficients)
    camera = read_images(extracted(tmp_path, content)[1]).images[0].camera
    assert (camera.model, camera.params[4:]) == ("FULL_OPENCV", coefficients)


def test_every_third_photo_and_those_without_a_pose_are_left_out(tmp_path):
    done, out = extracted(tmp_path, BagContent(num_poses=2), every=2)
    assert_poses_are_those_of_the_capture(read_images(out), indices=(0,))
    assert any("2 photos have no pose" in remark for remark in done.remarks)


@pytest.mark.parametrize(
    ("content", "named", "message"),
    [
        ({}, {"image": None}, "--image-topic: 2 topics of .* /camera/depth, /camera/image_raw"),
        ({}, {"image": "/none"}, "--image-topic /none: is not a topic of"),
        ({}, {"pose": PHOTOS}, "--pose-topic /camera/image_raw: is not a topic of"),
        (
            {"pose_type": "geometry_msgs/msg/PoseStamped"},
            {},
            "--posed-frame: the messages of /pose do not say which frame",
        ),
    ],
)
def test_topics_that_cannot_be_chosen_are_refused(content, named, message, tmp_path):
    topics = NamedTopics(**{"image": PHOTOS, **named})
    with pytest.raises(OptionError, match=message):
        extracted(tmp_path, BagContent(**content), named=topics)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"has_static": False}, "/tf_static does not join them"),
        ({"quat_scale": 2.0}, "/pose, message 0: the quaternion has norm 2"),
        ({"quat_scale": float("nan")}, "/pose, message 0: the pose holds NaN"),
        ({"encoding": "bayer_rggb8"}, "image_raw, message 0: has the encoding bayer_rggb8"),
        ({"encoding": "bgra8"}, "message 0: has 9216 bytes for 48 rows of 192 and 64 pixels"),
        ({"info_size": (640, 480)}, "message 0: has 64 x 48 pixels, camera_info 640 x 480"),
        ({"distortion_model": "equidistant"}, "camera_info, message 0: states the distortion"),
        ({"distortion": (0.1,)}, "camera_info, message 0, field D: has 1 numbers"),
        ({"num_poses": 0}, "--pose-topic: 0 topics"),
        ({"depth_frame": "other"}, "depth, message 0: is of the frame 'other'"),
        ({"depth_encoding": "8UC1"}, "depth, message 0: has the encoding 8UC1"),
    ],
)
def test_messages_that_cannot_be_used_are_refused_by_topic_and_number(content, message, tmp_path):
    named = NamedTopics(image=PHOTOS, depth="/camera/depth")
    with pytest.raises(NeumapError, match=message):
        extracted(tmp_path, BagContent(**content), named=named)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("version", [1, 2])
def test_a_cut_bag_is_a_typed_error_or_a_shorter_sequence(version, tmp_path):
    write_bag(tmp_path / "whole.bag", CAPTURE, version=version)
    whole = tmp_path / "whole.bag"
    part = whole if version == 1 else next(whole.glob("*.db3"))
    content = part.read_bytes()
    num_refused = 0
    for number, length in enumerate(range(0, len(content), len(content) // 11)):
        part.write_bytes(content[:length])
        out = tmp_path / f"out{number}"
        try:
            extract(whole, out, named=NAMED, progress=lambda done, total: None)
        except NeumapError:
            num_refused += 1
            assert not out.exists()
    assert num_refused > 0


def test_what_is_no_recording_is_refused(tmp_path):
    (tmp_path / "a.bag").write_bytes(b"no bag")
    (tmp_path / "a.txt").write_bytes(b"")
    for name, message in (("a.bag", "as a ROS bag"), ("a.txt", "is neither"), ("none.bag", "bag")):
        with pytest.raises(DataError, match=message):
            extract(
                tmp_path / name,
                tmp_path / "out",
                named=NamedTopics(),
                progress=lambda done, total: None,
            )
