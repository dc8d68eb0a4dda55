import json

from PIL import Image

from neumap.cli.main import main


def _localize(world, names, *arguments: str) -> int:
    photos = [str(world.folder / name) for name in names]
    return main(["localize", str(world.map_path), *photos, *arguments])


def test_a_found_photo_prints_its_pose_and_exits_0(saved, capsys):
    assert _localize(saved, ["3.png"]) == 0
    printed = capsys.readouterr().out
    assert "localised, 20 inliers of 20 pairs, 30 ms" in printed
    assert "-0.30000 0.00000 0.00000 (m)" in printed


def test_an_unknown_focal_length_is_said_to_be_estimated(saved, capsys):
    assert _localize(saved, ["3.png"]) == 0
    assert "not known: estimated" in capsys.readouterr().out
    assert saved.map.cameras == [None]


def test_a_given_camera_is_used(saved, capsys):
    assert _localize(saved, ["3.png"], "--camera", "SIMPLE_PINHOLE,80,60,70,40,30") == 0
    assert saved.map.cameras[0].model == "SIMPLE_PINHOLE"
    assert "as given" in capsys.readouterr().out


def test_the_quality_reaches_the_map(saved):
    assert _localize(saved, ["3.png"], "--quality", "fast") == 0
    assert saved.asked["quality"] == "fast"


def test_a_photo_that_is_not_found_exits_1_with_reason_and_remedy(saved, capsys):
    saved.map.failing = ("4.png",)
    assert _localize(saved, ["3.png", "4.png"]) == 1
    printed = capsys.readouterr().out
    assert "4.png: not localised\n  too few points of the map were found" in printed
    assert "--camera may help" in printed


def test_a_bad_photo_exits_2_and_the_others_are_still_localised(saved, capsys):
    assert _localize(saved, ["none.png", "3.png"], "--json") == 2
    captured = capsys.readouterr()
    bad, good = json.loads(captured.out)["photos"]
    assert (bad["status"], bad["is_bad_input"], bad["cam_from_world"]) == ("failed", True, None)
    assert good["status"] == "ok"
    assert captured.err.startswith("error: ")
    assert "none.png" in captured.err


def test_json_holds_the_pose_and_its_evidence(saved, capsys):
    assert _localize(saved, ["5.png"], "--json") == 0
    content = json.loads(capsys.readouterr().out)
    (answer,) = content["photos"]
    assert content["units"] == "metre"
    assert answer["cam_from_world"] == {
        "quat_wxyz": [1.0, 0.0, 0.0, 0.0],
        "translation": [0.5, 0.0, 0.0],
    }
    assert answer["camera_center"] == [-0.5, 0.0, 0.0]
    assert answer["camera_source"] == "estimated"
    assert answer["num_inliers"] == 20


def test_an_ignored_exif_orientation_is_said(saved, capsys):
    path = saved.folder / "3.png"
    with Image.open(path) as picture:
        exif = picture.getexif()
        exif[0x0112] = 6
        picture.save(path, exif=exif)
    assert _localize(saved, ["3.png"]) == 0
    assert "EXIF orientation 6" in capsys.readouterr().err


def test_no_photo_at_all_exits_2(saved, capsys):
    assert main(["localize", str(saved.map_path)]) == 2
    assert "photo" in capsys.readouterr().err.lower()


def test_a_missing_map_exits_2(world, capsys):
    assert _localize(world, ["3.png"]) == 2
    assert "scene.neumap" in capsys.readouterr().err
