import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from neumap.errors import DataError
from neumap.geometry import RigidTransform
from neumap.images import read_images
from neumap.images.euroc_reader import interpolated

SENSOR = "mav0/cam0/sensor.yaml"
PHOTOS = "mav0/cam0/data.csv"
TRUTH = "mav0/state_groundtruth_estimate0/data.csv"


@pytest.fixture
def root(write_layout):
    return write_layout("euroc")


def edit(path, old, new):
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))


def two_poses():
    angles = Rotation.from_rotvec([[0, 0, 0.2], [0, 0, 0.6]]).as_matrix()
    return RigidTransform(angles, np.array([[1.0, 0, 0], [3.0, 0, 0]]))


def test_a_pose_between_two_others_is_interpolated():
    times_ns = np.array([1403636579763555584, 1403636579768555584])
    pose = interpolated(1403636579764805584, times_ns, two_poses())  # a quarter of the way
    np.testing.assert_allclose(pose.translation, [1.5, 0, 0], atol=1e-12)
    rotvec = Rotation.from_matrix(pose.rotation).as_rotvec()
    np.testing.assert_allclose(rotvec, [0, 0, 0.3], atol=1e-12)


@pytest.mark.parametrize("time_ns", [-1, 200_000_001, 100_000_000])
def test_there_is_no_pose_outside_the_truth_or_in_a_gap(time_ns):
    times_ns = np.array([0, 200_000_000])
    assert interpolated(time_ns, times_ns, two_poses()) is None


def test_photos_outside_the_truth_are_left_out_with_a_warning(root):
    path = root / TRUTH
    path.write_text("\n".join(path.read_text().splitlines()[:-3]) + "\n")
    image_set = read_images(root)
    assert len(image_set.images) == 5
    assert any("outside the ground truth" in sentence for sentence in image_set.warnings)


def test_the_mav0_folder_may_be_named(root):
    assert read_images(root / "mav0").images[0].name.startswith("cam0/data/")


def test_distortion_coefficients_are_read(root):
    edit(root / SENSOR, "[0.0, 0.0, 0.0, 0.0]", "[-0.283, 0.074, 0.0002, 1.76e-05]")
    camera = read_images(root).images[0].camera
    assert (camera.model, camera.params[4:]) == ("OPENCV", (-0.283, 0.074, 0.0002, 1.76e-05))
    edit(root / SENSOR, "radial-tangential", "equidistant")
    assert read_images(root).images[0].camera.model == "OPENCV_FISHEYE"


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (SENSOR, "resolution:", "size:", "sensor.yaml, resolution: is missing"),
        (SENSOR, "intrinsics: [60.0, ", "intrinsics: [", "intrinsics: has 3 numbers, expected 4"),
        (SENSOR, "radial-tangential", "fov", "distortion_model: is fov, not one of"),
        (SENSOR, "intrinsics: [60.0", "intrinsics: [-60.0", "sensor.yaml: focal lengths"),
        (SENSOR, "1.000000000000000]", "2.000000000000000]", "T_BS: last row of the pose"),
        (PHOTOS, "579763555584,", "579763555584,1,", "data.csv, line 2: is not `timestamp,file`"),
        (PHOTOS, "1403636579763555584,", "x,", "data.csv, line 2: 'x' is not a whole number"),
        (TRUTH, "1403636579758555584,", "1403636579758555584,x", "data.csv, line 2, field 2"),
    ],
)
def test_malformed_files_are_refused_by_place(root, name, old, new, message):
    edit(root / name, old, new)
    with pytest.raises(DataError, match=message):
        read_images(root)
