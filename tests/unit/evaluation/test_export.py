from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.spatial.transform import Rotation

from neumap.errors import DataError, OptionError
from neumap.evaluation import predict
from neumap.evaluation.export import export_predictions, posed_queries, tum_lines, visloc_lines
from neumap.evaluation.posed_query import PosedQuery
from neumap.geometry import Camera, RigidTransform
from neumap.images import kapture_reader, tum_reader
from neumap.images.colmap_text import read_text_model

PINHOLE = Camera.pinhole(160, 120, fx=150.0, fy=151.5, cx=80.25, cy=60.0)
RADIAL = Camera("SIMPLE_RADIAL", 160, 120, (150.0, 80.0, 60.0, 0.01))


def _pose(seed: int) -> RigidTransform:
    rng = np.random.default_rng(seed)
    return RigidTransform(Rotation.random(rng=rng).as_matrix(), rng.normal(0, 100, 3))


@pytest.fixture
def predictions(make_localizer, capture, names):
    """Ten queries in two folders, the third failed; two cameras; random poses."""
    return tuple(
        replace(
            prediction,
            name=f"seq{i % 2}/img_{i:03d}.png",
            cam_from_world=None if prediction.cam_from_world is None else _pose(i),
            camera=None if prediction.camera is None else (PINHOLE, RADIAL)[i % 2],
        )
        for i, prediction in enumerate(predict(make_localizer(failing=names[2:3]), capture, names))
    )


def _assert_same(found: dict[str, RigidTransform], predictions) -> None:
    expected = {p.name: p.cam_from_world for p in predictions if p.cam_from_world is not None}
    assert found.keys() == expected.keys()
    for name, pose in expected.items():
        np.testing.assert_allclose(found[name].matrix, pose.matrix, rtol=1e-12, atol=1e-11)


def _read_visloc(path) -> dict[str, RigidTransform]:
    found = {}
    for line in path.read_text().splitlines():
        name, *values = line.split()
        numbers = np.array([float(value) for value in values])
        assert len(numbers) == 7
        found[name] = RigidTransform.from_quat_wxyz(numbers[:4], numbers[4:])
    return found


def test_visloc_lines_hold_the_poses_of_the_localised_queries(predictions, tmp_path):
    counts = export_predictions(predictions, tmp_path / "out.txt", format_name="visloc")
    assert (counts.num_written, counts.num_failed) == (9, 1)
    _assert_same(_read_visloc(tmp_path / "out.txt"), predictions)


def test_names_can_be_cut_to_their_last_parts(predictions, tmp_path):
    export_predictions(predictions, tmp_path / "out.txt", format_name="visloc", name_parts=1)
    assert "img_000.png" in _read_visloc(tmp_path / "out.txt")


def test_cut_names_that_collide_are_refused(predictions, tmp_path):
    twins = [
        replace(predictions[i], name=f"{folder}/same.png") for i, folder in ((0, "a"), (1, "b"))
    ]
    with pytest.raises(DataError, match=r"same\.png: is the name of 2 queries"):
        export_predictions(twins, tmp_path / "out.txt", format_name="visloc", name_parts=1)
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize(("format_name", "parts"), [("visloc", 0), ("tum", 1), ("colmap", 1)])
def test_name_parts_out_of_place_are_refused(format_name, parts, predictions, tmp_path):
    with pytest.raises(OptionError, match="--name-parts"):
        export_predictions(predictions, tmp_path / "out", format_name=format_name, name_parts=parts)


def test_colmap_models_are_read_by_pycolmap_with_the_same_poses_and_cameras(predictions, tmp_path):
    pycolmap = pytest.importorskip("pycolmap", reason="pycolmap has no wheel here")
    export_predictions(predictions, tmp_path / "model", format_name="colmap")
    model = pycolmap.Reconstruction()
    model.read_text(str(tmp_path / "model"))
    found = {
        image.name: RigidTransform.from_matrix(image.cam_from_world().matrix())
        for image in model.images.values()
    }
    _assert_same(found, predictions)
    cameras = {image.name: image.camera for image in model.images.values()}
    for prediction in posed_queries(predictions):
        assert cameras[prediction.name].model.name == prediction.camera.model
        assert tuple(cameras[prediction.name].params) == prediction.camera.params


def test_colmap_models_are_read_by_our_reader_with_the_same_poses(predictions, tmp_path):
    export_predictions(predictions, tmp_path / "model", format_name="colmap")
    model = read_text_model(tmp_path / "model")
    _assert_same({image.name: image.cam_from_world for image in model.images}, predictions)
    assert set(model.cameras.values()) == {PINHOLE, RADIAL}
    assert model.warnings == ()


def test_tum_trajectories_are_read_by_our_reader_with_the_same_poses(predictions, tmp_path):
    timed = [
        replace(prediction, name=f"rgb/{1305031102.175304 + 0.1 * i:.6f}.png", camera=PINHOLE)
        for i, prediction in enumerate(predictions)
    ]
    counts = export_predictions(timed, tmp_path / "groundtruth.txt", format_name="tum")
    assert counts.num_failed == 1
    (tmp_path / "rgb").mkdir()
    rows = []
    for prediction in timed:
        Image.new("RGB", (160, 120)).save(tmp_path / prediction.name)
        rows.append(f"{prediction.name[4:-4]} {prediction.name}")
    (tmp_path / "rgb.txt").write_text("\n".join(rows) + "\n")
    (tmp_path / "calibration.txt").write_text("150 151.5 79.75 59.5\n")
    images = tum_reader.read(tmp_path).images
    _assert_same({image.name: image.cam_from_world for image in images}, timed)
    assert {image.camera for image in images} == {PINHOLE}


def test_tum_lines_without_times_in_the_names_count_the_queries(predictions):
    lines = tum_lines(posed_queries(predictions))
    assert "positions in the predictions file" in lines[0]
    stamps = [line.split()[0] for line in lines if not line.startswith("#")]
    assert stamps == ["0", "1", "3", "4", "5", "6", "7", "8", "9"]


def test_kapture_tables_hold_poses_cameras_and_names(predictions, tmp_path):
    export_predictions(predictions, tmp_path / "out", format_name="kapture")
    tables = {}
    for name in ("sensors", "trajectories", "records_camera"):
        head, _, *lines = (tmp_path / "out/sensors" / f"{name}.txt").read_text().splitlines()
        assert head == "# kapture format: 1.1"
        tables[name] = [line.split(", ") for line in lines]
    assert tables["sensors"] == [
        ["camera1", "", "camera", "PINHOLE", "160", "120", "150.0", "151.5", "80.25", "60.0"],
        ["camera2", "", "camera", "SIMPLE_RADIAL", "160", "120", "150.0", "80.0", "60.0", "0.01"],
    ]
    pose_of = {}
    for stamp, device, *values in tables["trajectories"]:
        numbers = np.array([float(value) for value in values])
        pose_of[stamp, device] = RigidTransform.from_quat_wxyz(numbers[:4], numbers[4:])
    names = {name: pose_of[stamp, device] for stamp, device, name in tables["records_camera"]}
    _assert_same(names, predictions)


def test_kapture_folders_are_read_by_our_reader_with_the_same_poses(predictions, tmp_path):
    export_predictions(predictions, tmp_path / "out", format_name="kapture")
    photos = tmp_path / "out/sensors/records_data"
    for prediction in predictions:
        (photos / prediction.name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (160, 120)).save(photos / prediction.name)
    image_set = kapture_reader.read(tmp_path / "out")
    prefix = "sensors/records_data/"
    found = {image.name.removeprefix(prefix): image for image in image_set.images}
    _assert_same({name: image.cam_from_world for name, image in found.items()}, predictions)
    for query in posed_queries(predictions):
        assert found[query.name].camera == query.camera


def test_cameras_that_kapture_does_not_have_are_named(predictions, tmp_path):
    division = Camera("SIMPLE_DIVISION", 160, 120, (150.0, 80.0, 60.0, 0.01))
    odd = [replace(predictions[0], camera=division)]
    with pytest.raises(DataError, match="SIMPLE_DIVISION"):
        export_predictions(odd, tmp_path / "out", format_name="kapture")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("format_name", "name"),
    [("visloc", "a b.png"), ("colmap", "a b.png"), ("kapture", "a,b.png"), ("visloc", "a\nb.png")],
)
def test_names_that_the_format_cannot_hold_are_refused(format_name, name, predictions, tmp_path):
    with pytest.raises(DataError, match="separates fields"):
        export_predictions(
            [replace(predictions[0], name=name)], tmp_path / "out", format_name=format_name
        )
    assert not (tmp_path / "out").exists()


def test_predictions_without_any_pose_are_refused(predictions, tmp_path):
    with pytest.raises(DataError, match="none of the 1 queries has a pose"):
        export_predictions(predictions[2:3], tmp_path / "out.txt", format_name="tum")


def test_a_folder_with_files_is_not_overwritten(predictions, tmp_path):
    target = tmp_path / "model"
    target.mkdir()
    (target / "keep.txt").write_text("mine")
    with pytest.raises(DataError, match="not an empty folder"):
        export_predictions(predictions, target, format_name="colmap")
    assert [path.name for path in target.iterdir()] == ["keep.txt"]
    assert list(tmp_path.iterdir()) == [target]


@settings(max_examples=60)
@given(
    st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1),
    st.tuples(*[st.floats(-1e7, 1e7)] * 3),
)
def test_any_pose_survives_both_text_forms(quat_wxyz, translation):
    pose = RigidTransform.from_quat_wxyz(np.array(quat_wxyz), np.array(translation))
    query = PosedQuery(0, "a.png", pose, PINHOLE)
    values = np.array([float(text) for text in visloc_lines([query])[0].split()[1:]])
    again = RigidTransform.from_quat_wxyz(values[:4], values[4:])
    np.testing.assert_allclose(again.matrix, pose.matrix, rtol=1e-12, atol=1e-12)
    _, tx, ty, tz, qx, qy, qz, qw = (float(text) for text in tum_lines([query])[-1].split())
    world_from_cam = RigidTransform.from_quat_wxyz(
        np.array([qw, qx, qy, qz]), np.array([tx, ty, tz])
    )
    # rounding of the rotation moves a far camera by its distance times 1e-16
    tolerance = 1e-14 * (1 + np.linalg.norm(translation))
    np.testing.assert_allclose(world_from_cam.inverse().matrix, pose.matrix, atol=10 * tolerance)
