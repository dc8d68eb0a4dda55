import numpy as np
import pytest

from benchmark_writers import nvm_line, nvm_text
from layout_writers import HEIGHT, WIDTH, save_photo
from neumap.errors import DataError
from neumap.geometry import RigidTransform
from neumap.images import read_images
from neumap.images.nvm import NvmCamera, read_nvm


@pytest.fixture
def root(write_layout):
    return write_layout("nvm")


@pytest.mark.parametrize("r", [-0.15, -0.05, 0.02, 0.0810989, 0.2])
def test_projecting_undoes_what_the_measurement_distortion_does(r):
    """`m (1 + r |m|^2)` of a measurement m is the direction that is projected onto it."""
    f, size = 1600.0, (1920, 1440)
    entry = NvmCamera(
        name="a.jpg",
        focal_px=f,
        cam_from_world=RigidTransform.identity(),
        measurement_distortion=r,
        reach_px=(0.0, 0.0),
        subject="line 1",
    )
    camera = entry.camera(*size)
    xy_img = np.random.default_rng(0).uniform((0, 0), size, (200, 2))
    measured = (xy_img - (size[0] / 2, size[1] / 2)) / f
    directions = measured * (1 + r * (measured**2).sum(axis=1, keepdims=True))
    projected = camera.img_from_cam(np.column_stack([directions, np.ones(len(directions))]))
    assert np.abs(projected - xy_img).max() < 0.01
    np.testing.assert_allclose(camera.cam_from_img(xy_img), directions, atol=1e-5)


def test_only_the_first_model_is_read_and_the_others_are_counted(root, synthetic_capture):
    path = root / "model.nvm"
    lines = [
        nvm_line(f"img{i:04d}.jpg", synthetic_capture.world_from_cam[i], 60, 0) for i in (0, 1)
    ]
    other = ["", "1", nvm_line("img0005.jpg", np.eye(4), 60, 0), "", "0", "", "0", ""]
    head = ["NVM_V3", "", "2", *lines, "", "0"]
    path.write_text("\n".join(head + other))
    image_set = read_images(root)
    assert [image.name for image in image_set.images] == ["img0000.jpg", "img0001.jpg"]
    assert any("1 further model" in sentence for sentence in image_set.warnings)


def test_windows_paths_and_quoted_spaces_are_read(root, synthetic_capture):
    photos = root / "images" / "my photos"
    photos.mkdir(parents=True)
    (root / "img0000.jpg").rename(photos / "img0000.jpg")
    lines = [nvm_line('my"photos\\img0000.jpg', synthetic_capture.world_from_cam[0], 60, 0)]
    (root / "model.nvm").write_text(nvm_text(lines, half_size=(32, 24)))
    assert read_images(root).images[0].name == "images/my photos/img0000.jpg"


def test_photos_of_several_sizes_keep_their_own(root):
    lines = (root / "model.nvm").read_text().splitlines()
    lines[lines.index("1") + 1] = "0 0 1 0 0 0 0"  # seen nowhere: nothing tells of a resize
    (root / "model.nvm").write_text("\n".join(lines))
    save_photo(root / "img0002.jpg", np.zeros((40, 80, 3), np.uint8))
    camera = read_images(root).images[2].camera
    assert (camera.width, camera.height, camera.params) == (80, 40, (60, 40, 20))


def test_key_points_that_count_from_the_corner_are_told_by_their_sign(tmp_path):
    lines = [nvm_line("a.jpg", np.eye(4), 60, 0)]
    content = nvm_text(lines, half_size=(WIDTH / 2, HEIGHT / 2))
    (tmp_path / "a.nvm").write_text(content)
    assert read_nvm(tmp_path / "a.nvm", with_reach=True).cameras[0].reach_px == (63, 47)
    corner = content.replace("-31.5", "60.5").replace("-23.5", "40.5")
    (tmp_path / "a.nvm").write_text(corner)
    assert read_nvm(tmp_path / "a.nvm", with_reach=True).cameras[0].reach_px == (60.5, 40.5)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("NVM_V3 ", "NVM_V2 ", "begins with NVM_V2"),
        ("NVM_V3 ", "NVM_V3 FixedK 500 320 500 240 0", "fixed calibration"),
        ("\n6\n", "\n7\n", "line 3: announces 7 cameras but 6|is not the number of points"),
        ("\n6\n", "\n6.5\n", "line 3"),
        ("img0003.jpg 60.0", "img0003.jpg x", "line 7, field 2: 'x0"),
        ("img0003.jpg 60.0", "img0003.jpg -6", "line 7: focal lengths"),
        ("img0003.jpg 60.0", "img0003.jpg 60 1", "line 7: has 12 fields"),
        ("img0003.jpg", "../../img0003.jpg", "is not a path inside"),
        (" 0 0 ", " 9 0 ", "names a camera that is not in the model"),
        ("1.5 -0.2 4 64", "1.5 -0.2 4 64 1", "is not a point"),
    ],
)
def test_malformed_models_are_refused_by_line(root, old, new, message):
    path = root / "model.nvm"
    content = path.read_text()
    at = content.index(old, content.index("1.5 -0.2") if old.startswith((" 0", "1.5")) else 0)
    path.write_text(content[:at] + new + content[at + len(old) :])
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_several_model_files_are_refused(root):
    (root / "other.nvm").write_text("")
    with pytest.raises(DataError, match="2 NVM files"):
        read_images(root)
