import sys

import pytest

from bag_writer import write_bag
from layout_writers import make_capture
from neumap.cli.main import main
from neumap.images import read_images
from sens_writer import write_sens

CAPTURE = make_capture()


@pytest.fixture
def sens(tmp_path):
    path = tmp_path / "scene0000_00.sens"
    write_sens(path, CAPTURE)
    return path


def test_a_sens_file_becomes_a_folder_that_is_read(sens, tmp_path, capsys):
    before = sens.read_bytes()
    out = tmp_path / "scene"
    assert main(["extract", str(sens), "--out", str(out), "--every", "2", "--quiet"]) == 0
    assert capsys.readouterr().out == f"3 photos to {out} (layout scannet).\n"
    assert len(read_images(out).images) == 3
    assert sens.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {sens.name, "scene"}


def test_a_bag_says_which_topics_were_taken(tmp_path, capsys):
    pytest.importorskip("rosbags", reason="rosbags is not installed")
    write_bag(tmp_path / "a.bag", CAPTURE)
    topics = ["--image-topic", "/camera/image_raw", "--depth-topic", "/camera/depth"]
    out = tmp_path / "room"
    assert main(["extract", str(tmp_path / "a.bag"), "--out", str(out), *topics, "--quiet"]) == 0
    text = capsys.readouterr().out
    assert "intrinsics of /camera/camera_info, poses of /pose." in text
    assert "6 depth pictures of /camera/depth." in text
    assert f"6 photos to {out} (layout tum)." in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--every", "0"], "--every: 0 keeps no frame"),
        (["--pose-topic", "/pose"], "has no topics"),
    ],
)
def test_options_that_do_not_fit_exit_2_and_leave_nothing(options, message, sens, tmp_path, capsys):
    assert main(["extract", str(sens), "--out", str(tmp_path / "scene"), *options]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [sens]


def test_a_cut_file_exits_2_and_leaves_no_folder(sens, tmp_path, capsys):
    sens.write_bytes(sens.read_bytes()[:-100])
    assert main(["extract", str(sens), "--out", str(tmp_path / "scene"), "--quiet"]) == 2
    assert "frame 5: needs" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [sens]


def test_a_folder_with_files_and_a_missing_parent_exit_2(sens, tmp_path, capsys):
    assert main(["extract", str(sens), "--out", str(tmp_path)]) == 2
    assert "is not an empty folder" in capsys.readouterr().err
    assert main(["extract", str(sens), "--out", str(tmp_path / "none" / "scene")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_without_rosbags_a_bag_names_the_extra(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "rosbags.highlevel", None)
    (tmp_path / "a.bag").write_bytes(b"")
    assert main(["extract", str(tmp_path / "a.bag"), "--out", str(tmp_path / "room")]) == 2
    assert "pip install 'neumap[datasets]'" in capsys.readouterr().err
