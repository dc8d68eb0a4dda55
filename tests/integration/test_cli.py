"""The real command line on a rendered room: map, info, localize, evaluate, and bad input."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from neumap.cli.main import main
from neumap.images import Split
from neumap.images.detect import read_images

COMMAND = [sys.executable, "-c", "import sys; from neumap.cli.main import main; sys.exit(main())"]


@pytest.fixture(scope="module")
def room_map(room_capture, tmp_path_factory):
    """The room's map file, made by the command line."""
    path = tmp_path_factory.mktemp("map") / "room.neumap"
    arguments = ["--split", str(room_capture / "split.json"), "--quiet"]
    assert main(["map", str(room_capture), "--out", str(path), *arguments]) == 0
    return path


@pytest.fixture(scope="module")
def queries(room_capture):
    image_set = read_images(room_capture)
    return Split.read(room_capture / "split.json").apply(image_set)[1]


def test_the_map_keeps_its_budget_and_info_accounts_for_every_byte(room_map, capsys):
    assert room_map.stat().st_size <= 28_000
    assert main(["info", str(room_map), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert sum(content["bytes_by_part"].values()) == room_map.stat().st_size


def test_a_query_is_localised_where_it_was_taken(room_map, queries, capsys):
    photo = queries[0]
    numbers = (photo.camera.width, photo.camera.height, *photo.camera.params)
    camera = ",".join([photo.camera.model, *(str(number) for number in numbers)])
    assert main(["localize", str(room_map), str(photo.path), "--camera", camera, "--json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["photos"]
    true_center = photo.cam_from_world.center_in_source
    # the room is 4 m wide: 10 cm tell a pose from a guess; accuracy has its own tests
    assert answer["camera_center"] == pytest.approx(list(true_center), abs=0.1)


def test_evaluate_scores_every_query_and_writes_the_report(room_map, room_capture, tmp_path):
    out, report = tmp_path / "out.json", tmp_path / "report.html"
    split = str(room_capture / "split.json")
    arguments = ["--split", split, "--json", str(out), "--report", str(report)]
    assert main(["evaluate", str(room_map), str(room_capture), *arguments]) == 0
    figures = json.loads(out.read_text())
    assert figures["num_queries"] == len(figures["per_query"]) == 6
    assert figures["num_failed"] <= 1
    assert figures["median_position_error"] < 0.1
    assert figures["map_bytes"] == room_map.stat().st_size
    assert figures["query_ms_median"] > 0
    assert report.stat().st_size > 50_000


def test_a_photo_of_another_place_is_not_given_a_pose(room_map, tmp_path, capsys):
    from neumap.rendering import CaptureSpec, build_room, write_capture

    spec = CaptureSpec(width=320, height=240, num_map=1, num_query=1)
    write_capture(tmp_path / "other", build_room, spec, seed=99)
    photo = read_images(tmp_path / "other").images[0]
    numbers = (photo.camera.width, photo.camera.height, *photo.camera.params)
    camera = ",".join([photo.camera.model, *(str(number) for number in numbers)])
    assert main(["localize", str(room_map), str(photo.path), "--camera", camera]) == 1
    assert "not localised" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text", "missing"])
def test_a_damaged_map_exits_2_by_name(damage, room_map, tmp_path, capsys):
    path = tmp_path / "damaged.neumap"
    content = bytearray(room_map.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    contents = {"cut": content[:-100], "flipped": content, "empty": b"", "text": b"not a map\n"}
    if damage != "missing":
        path.write_bytes(bytes(contents[damage]))
    assert main(["info", str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert "damaged.neumap" in captured.err
    assert captured.out == ""


def test_a_photo_that_is_no_image_exits_2(room_map, tmp_path, capsys):
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"not an image")
    assert main(["localize", str(room_map), str(photo)]) == 2
    assert "photo.jpg" in capsys.readouterr().err


def _without_photos(capture):
    shutil.rmtree(capture / "images")


def _with_mirrored_and_nan_poses(capture):
    path = capture / "cameras.json"
    raw = json.loads(path.read_text())
    raw["frames"][0]["T_wc"][0][0] = float("nan")
    raw["frames"][1]["T_wc"][0] = [-value for value in raw["frames"][1]["T_wc"][0]]
    path.write_text(json.dumps(raw))


def _with_three_photos(capture):
    path = capture / "cameras.json"
    raw = json.loads(path.read_text())
    raw["frames"] = raw["frames"][:3]
    path.write_text(json.dumps(raw))


def _emptied(capture):
    shutil.rmtree(capture)
    capture.mkdir()


@pytest.mark.parametrize(
    ("spoil", "num_faults"),
    [
        (_without_photos, 1),
        (_with_mirrored_and_nan_poses, 2),
        (_with_three_photos, 1),
        (_emptied, 1),
    ],
)
def test_bad_captures_exit_2_with_every_fault_on_its_own_line(
    spoil, num_faults, room_capture, tmp_path, capsys
):
    capture = tmp_path / "capture"
    shutil.copytree(room_capture, capture)
    spoil(capture)
    out = tmp_path / "room.neumap"
    assert main(["map", str(capture), "--out", str(out), "--split", "all"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith("error: ")]) == num_faults, lines
    assert not out.exists()


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
def test_ctrl_c_while_mapping_exits_130_and_leaves_nothing(room_capture, tmp_path):
    cache, preset, out = (tmp_path / name for name in ("cache", "own.toml", "maps/room.neumap"))
    out.parent.mkdir()
    preset.write_text(f'cache_dir = "{cache}"\n')
    process = subprocess.Popen(
        [*COMMAND, "map", str(room_capture), "--out", str(out), "--preset", str(preset)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # shells start background jobs with the signal ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not list(cache.glob("**/*.safetensors")) and time.monotonic() < deadline:
        time.sleep(0.02)  # the first photo's features in the cache: mapping is under way
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert list(out.parent.iterdir()) == []
    assert 0 < len(list(cache.glob("**/*.safetensors"))) < 24, "interrupted too early or too late"
    assert {path.suffix for path in cache.glob("**/*") if path.is_file()} == {".safetensors"}
