import numpy as np
import pytest

from neumap.errors import DataError
from neumap.geometry import RigidTransform
from neumap.images import Split, read_images


@pytest.fixture
def root(write_layout):
    return write_layout("kapture")


def edit(path, old, new):
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))


def test_mapping_and_query_folders_are_the_given_split(root):
    image_set = read_images(root)
    split = Split.of(image_set)
    assert split.map_names[0] == "mapping/sensors/records_data/cam_0/00000.jpg"
    assert (len(split.map_names), len(split.query_names)) == (4, 2)
    assert image_set.units == "metre"  # a lidar is among the sensors


def test_queries_without_trajectories_have_no_pose(root):
    (root / "validation/sensors/trajectories.txt").unlink()
    poses = [image.cam_from_world for image in read_images(root).images]
    assert [pose is None for pose in poses] == [False] * 4 + [True] * 2


def test_a_single_kapture_has_no_split_and_without_lidar_no_unit(root):
    edit(root / "mapping/sensors/sensors.txt", "lidar0, , lidar\n", "gps, , gnss, EPSG:4326\n")
    image_set = read_images(root / "mapping")
    assert (image_set.given_split, image_set.units, len(image_set.images)) == (None, "unknown", 4)


def test_photos_without_a_pose_are_left_out_with_a_warning(root):
    path = root / "mapping/sensors/trajectories.txt"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    image_set = read_images(root)
    assert len(image_set.images) == 5
    assert any("cam_0/00003.jpg" in sentence for sentence in image_set.warnings)


def test_a_camera_on_a_rig_on_a_rig_has_the_product_of_their_poses(root, synthetic_capture):
    sensors = root / "mapping/sensors"
    path = sensors / "trajectories.txt"
    path.write_text(path.read_text().replace(", cam_0,", ", car,"))
    rigs = (
        "# kapture format: 1.1\ncar, mast, 0, 1, 0, 0, 1, 2, 3\nmast, cam_0, 0, 0, 0, 1, 0, 0, 5\n"
    )
    (sensors / "rigs.txt").write_text(rigs)
    mast_from_car = RigidTransform(np.diag([1.0, -1.0, -1.0]), np.array([1.0, 2.0, 3.0]))
    cam_from_mast = RigidTransform(np.diag([-1.0, -1.0, 1.0]), np.array([0.0, 0.0, 5.0]))
    car_from_world = RigidTransform.from_matrix(np.linalg.inv(synthetic_capture.world_from_cam[0]))
    pose = read_images(root).images[0].cam_from_world
    expected = cam_from_mast @ mast_from_car @ car_from_world
    np.testing.assert_allclose(pose.matrix, expected.matrix, atol=1e-9)


def test_a_rig_that_carries_itself_gives_no_pose_and_ends(root):
    sensors = root / "mapping/sensors"
    path = sensors / "trajectories.txt"
    path.write_text(path.read_text().replace(", cam_0,", ", elsewhere,"))
    loop = "# kapture format: 1.1\na, cam_0, 1, 0, 0, 0, 0, 0, 0\ncam_0, a, 1, 0, 0, 0, 0, 0, 0\n"
    (sensors / "rigs.txt").write_text(loop)
    image_set = read_images(root)
    assert all(image.name.startswith("validation/") for image in image_set.images)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("sensors", "# kapture format: 1.1", "# kapture format: 2.0", "does not begin with"),
        ("sensors", "PINHOLE, 64", "UNKNOWN_CAMERA, 64", "cam_0 is an UNKNOWN_CAMERA"),
        ("sensors", "PINHOLE, 64", "PINHOLE, 64.5", "sensors.txt, line 3: '64.5'"),
        ("sensors", "PINHOLE, 64", "BUNDLER, 64", "line 3: unknown camera model 'BUNDLER'"),
        ("sensors", "cam_0,", "cam_1,", "device cam_0 is no camera"),
        ("records_camera", "cam_0, cam_0/00001", "cam_0, 3, cam_0/00001", "line 4: has 4 fields"),
        ("records_camera", "cam_0/00001", "../cam_0/00001", "is not a path inside"),
        ("trajectories", "001, cam_0,", "001, cam_0, 3,", "line 4: has 10 fields"),
        ("trajectories", "1560000000001", "1.5", "line 4: '1.5' is not a whole number"),
    ],
)
def test_malformed_tables_are_refused_by_line(root, name, old, new, message):
    edit(root / "mapping" / "sensors" / f"{name}.txt", old, new)
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_a_kapture_without_records_is_refused(root):
    (root / "mapping/sensors/records_camera.txt").unlink()
    with pytest.raises(DataError, match="so the data set has no photo"):
        read_images(root)


def test_faults_of_all_parts_are_listed_at_once(root):
    for part in ("mapping", "validation"):
        edit(root / part / "sensors" / "sensors.txt", "PINHOLE, 64", "PINHOLE, x")
    with pytest.raises(DataError) as caught:
        read_images(root)
    assert [fault.subject.split("/")[-3] for fault in caught.value.faults] == [
        "mapping",
        "validation",
    ]
