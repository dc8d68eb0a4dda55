import pytest

from neumap.errors import DataError
from neumap.images import read_images

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
