"""Every kind of bad input: exit code 2, one line a fault, inputs untouched, no output file."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumap.cli.main import main
from neumap.codes import map_file, map_header

NUM_PHOTOS = 12


class Capture:
    """A copy of the room's first photos, without depth, to be spoilt."""

    def __init__(self, folder):
        self.folder = folder
        self.content = json.loads((folder / "cameras.json").read_text())
        self.frames = self.content["frames"]

    def write(self):
        (self.folder / "cameras.json").write_text(json.dumps(self.content))

    def photo(self, index):
        return self.folder / self.frames[index]["file"]

    def reread_poses(self, convert):
        for frame in self.frames:
            frame["T_wc"] = convert(np.array(frame["T_wc"])).tolist()


@pytest.fixture
def capture(room_capture, tmp_path):
    made = Capture(Path(shutil.copytree(room_capture, tmp_path / "capture")))
    shutil.rmtree(made.folder / "depth")
    (made.folder / "split.json").unlink()
    made.frames = made.content["frames"] = made.frames[:NUM_PHOTOS]
    for frame in made.frames:
        del frame["depth"]
    made.write()
    return made


@pytest.fixture(scope="module")
def small_map(room_capture, tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "room.neumap"
    assert main(["map", str(room_capture), "--out", str(path), "--quiet"]) == 0
    return path


def fingerprint(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def refused(arguments, folder, capsys):
    """Run a command that must be refused; return its error lines."""
    before = fingerprint(folder)
    assert main([str(argument) for argument in arguments]) == 2
    captured = capsys.readouterr()
    assert fingerprint(folder) == before, "inputs changed, or an output was left"
    assert "Traceback" not in captured.err
    return captured.err.splitlines()


def map_refused(capture, capsys, *options):
    out = capture.folder.parent / "room.neumap"
    arguments = ["map", capture.folder, "--out", out, "--split", "all", "--quiet", *options]
    lines = refused(arguments, capture.folder.parent, capsys)
    return [line for line in lines if line.startswith("error: ")]


def assert_says(line, *, subject, reason, remedy):
    """Check that the line has the three parts in this order."""
    start = line.index(subject)
    middle = line.index(reason, start)
    assert line.index(remedy, middle) > middle


def _cut_photo(capture):
    path = capture.photo(3)
    path.write_bytes(path.read_bytes()[:3000])


def _text_as_photo(capture):
    capture.photo(3).write_text("not an image")


def _empty_photo(capture):
    capture.photo(3).write_bytes(b"")


def _other_size(capture):
    Image.new("RGB", (200, 200)).save(capture.photo(3))


def _rotated(capture):
    Image.new("RGB", (240, 320)).save(capture.photo(3))


def _nan_pose(capture):
    capture.frames[3]["T_wc"][0][3] = float("nan")


def _mirrored_pose(capture):
    row = capture.frames[3]["T_wc"][0]
    capture.frames[3]["T_wc"][0] = [-value for value in row[:3]] + row[3:]


def _negative_focal(capture):
    capture.frames[3]["fx"] = -5.0


def _missing_field(capture):
    del capture.frames[3]["fy"]


def _all_photos_gone(capture):
    shutil.rmtree(capture.folder / "images")


def _three_frames(capture):
    del capture.frames[3:]


def _three_photos(capture):
    for index in range(3, NUM_PHOTOS):
        capture.photo(index).unlink()


def _no_frames(capture):
    capture.frames.clear()


@pytest.mark.parametrize(
    ("spoil", "subject", "reason", "remedy"),
    [
        (_cut_photo, "map-0003.jpg", "cut", "Replace"),
        (_text_as_photo, "map-0003.jpg", "is not a JPEG or PNG", "Replace"),
        (_empty_photo, "map-0003.jpg", "is not a JPEG or PNG photo (0 bytes)", "Replace"),
        (_other_size, "map-0003.jpg", "200 x 200 px but its camera is 320 x 240", "Supply"),
        (_rotated, "map-0003.jpg", "rotated by 90 degrees?", "Store"),
        (_nan_pose, "map-0003.jpg", "finite", "Correct the pose"),
        (_mirrored_pose, "map-0003.jpg", "mirror", "Correct the pose"),
        (_negative_focal, "frames[3]", "-5", "."),
        (_missing_field, "frames[3]", "fy", "."),
        (_all_photos_gone, "capture", "none of the 12 listed photos is on disk", "Put the photos"),
        (_three_frames, "mapping images", "3 usable, at least 4", "Add photos"),
        (_three_photos, "mapping images", "3 usable, at least 4", "Add photos"),
        (_no_frames, "frames", "not a list", "List the frames"),
    ],
)
def test_a_fault_of_the_capture_is_one_line(spoil, subject, reason, remedy, capture, capsys):
    spoil(capture)
    capture.write()
    (line,) = map_refused(capture, capsys)
    assert_says(line, subject=subject, reason=reason, remedy=remedy)


def test_all_faults_of_a_capture_are_listed_at_once(capture, capsys):
    Image.new("RGB", (200, 200)).save(capture.photo(0))
    capture.photo(1).write_text("not an image")
    capture.frames[2]["T_wc"][1][1] = float("inf")
    capture.frames[4]["T_wc"][0] = [-value for value in capture.frames[4]["T_wc"][0]]
    capture.frames[5]["cx"] = "middle"
    capture.frames.append(capture.frames[6])
    capture.write()
    lines = map_refused(capture, capsys)
    for name in ("map-0000", "map-0001", "map-0002", "map-0004", "frames[5]", "map-0006"):
        assert len([line for line in lines if name in line]) == 1, (name, lines)
    assert len(lines) == 6


def test_photos_cut_in_their_pixels_are_all_listed(capture, capsys):
    for index in (2, 7):
        path = capture.photo(index)
        path.write_bytes(path.read_bytes()[:3000])
    lines = map_refused(capture, capsys)
    assert ["map-0002" in lines[0], "map-0007" in lines[1], len(lines)] == [True, True, 2]


def test_missing_photos_are_counted_and_fewer_than_ten_warned_of(capture, capsys):
    for index in range(8, NUM_PHOTOS):
        capture.photo(index).unlink()
    out = capture.folder.parent / "room.neumap"
    arguments = ["map", str(capture.folder), "--out", str(out), "--split", "all", "--quiet"]
    assert main(arguments) == 0
    warnings = capsys.readouterr().err
    assert "warning: 4 (images/map-0008.jpg" in warnings
    assert "warning: Only 8 images to map" in warnings
    assert out.exists()


def test_an_unknown_camera_model_of_a_colmap_text_model_is_named(tmp_path, capsys):
    folder = tmp_path / "capture"
    (folder / "sparse").mkdir(parents=True)
    (folder / "sparse" / "cameras.txt").write_text("1 PERISCOPE 64 48 50 50 32 24\n")
    (folder / "sparse" / "images.txt").write_text("1 1 0 0 0 0 0 0 1 a.png\n\n")
    (folder / "sparse" / "points3D.txt").write_text("")
    (folder / "images").mkdir()
    Image.new("RGB", (64, 48)).save(folder / "images" / "a.png")
    lines = refused(["map", folder, "--out", tmp_path / "m"], tmp_path, capsys)
    assert_says(lines[0], subject="cameras.txt", reason="PERISCOPE", remedy=".")


@pytest.mark.parametrize("kind", ["empty", "missing", "file", "photos only"])
def test_a_folder_without_a_layout_is_refused(kind, tmp_path, capsys):
    folder = tmp_path / "capture"
    if kind == "file":
        folder.write_text("x")
    elif kind != "missing":
        folder.mkdir()
    if kind == "photos only":
        Image.new("RGB", (64, 48)).save(folder / "a.png")
    lines = refused(["map", folder, "--out", tmp_path / "m"], tmp_path, capsys)
    reason = {
        "empty": "is empty",
        "missing": "does not exist",
        "file": "is not a folder",
        "photos only": "has no known layout",
    }[kind]
    assert_says(lines[0], subject=str(folder), reason=reason, remedy=".")
    assert ("--poses sfm" in lines[0]) == (kind == "photos only")


def _noise_photos(capture):
    for index in range(NUM_PHOTOS):
        rng = np.random.default_rng(index)
        noise = Image.fromarray(rng.integers(0, 255, (40, 53, 3), dtype=np.uint8))
        noise.resize((320, 240), Image.Resampling.BICUBIC).save(capture.photo(index))


def _shuffled_poses(capture):
    poses = [frame["T_wc"] for frame in capture.frames]
    for index, frame in enumerate(capture.frames):
        frame["T_wc"] = poses[(5 * index + 2) % NUM_PHOTOS]


def _blank_photos(capture):
    for index in range(NUM_PHOTOS):
        Image.new("RGB", (320, 240), (90, 90, 90)).save(capture.photo(index))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_noise_photos, "do not overlap"),
        (_shuffled_poses, "the poses are not theirs"),
        (_blank_photos, "do not overlap"),
    ],
)
def test_photos_without_overlap_are_refused(spoil, reason, capture, capsys):
    spoil(capture)
    capture.write()
    (line,) = map_refused(capture, capsys)
    assert_says(line, subject=f"{NUM_PHOTOS} photos", reason=reason, remedy="overlap by half")


@pytest.mark.parametrize(
    ("convert", "named"),
    [
        (np.linalg.inv, "if the matrices are world-to-camera where camera-to-world is expected"),
        (lambda pose: pose @ np.diag([1.0, -1, -1, 1]), "if the camera axes are OpenGL"),
    ],
)
def test_poses_of_another_convention_are_refused_and_it_is_named(convert, named, capture, capsys):
    capture.reread_poses(convert)
    capture.write()
    (line,) = map_refused(capture, capsys)
    assert_says(line, subject="the given poses", reason=named, remedy="nothing was converted")


@pytest.mark.parametrize(
    ("options", "subject"),
    [
        (["--budget", "700"], "--budget"),
        (["--budget", "much"], "--budget"),
        (["--budget", "-3kB"], "--budget"),
        (["--preset", "best"], "--preset best"),
        (["--layout", "folder"], "layout"),
        (["--device", "abacus"], "--device abacus"),
        (["--split", "missing.json"], "missing.json"),
        (["--colour"], "--colour"),
        (["--seed", "x"], "--seed"),
    ],
)
def test_an_option_that_is_unknown_or_wrong_is_named(options, subject, capture, capsys):
    out = capture.folder.parent / "room.neumap"
    arguments = ["map", capture.folder, "--out", out, "--quiet", *options]
    assert subject in "\n".join(refused(arguments, capture.folder.parent, capsys))


def test_a_split_with_names_that_are_not_there_lists_them_all(capture, capsys):
    split = capture.folder.parent / "split.json"
    split.write_text(json.dumps({"map": ["no-1.jpg", "no-2.jpg"], "query": ["no-3.jpg"]}))
    lines = map_refused(capture, capsys, "--split", str(split))
    assert [line.split(": ")[1] for line in lines] == ["no-1.jpg", "no-2.jpg", "no-3.jpg"]


def _write_other_version(source, path, monkeypatch):
    header, tensors = map_file.read_map_file(source)
    with monkeypatch.context() as patched:
        patched.setattr(map_header, "FORMAT_VERSION", 7)
        map_file.write_map_file(path, header, tensors)


def _write_other_decoder(source, path):
    header, tensors = map_file.read_map_file(source)
    map_file.write_map_file(path, {**header, "decoder": "0" * 16}, tensors)


def test_a_map_of_another_version_or_decoder_is_named(small_map, tmp_path, monkeypatch, capsys):
    path = tmp_path / "other.neumap"
    _write_other_version(small_map, path, monkeypatch)
    (line,) = refused(["info", path], tmp_path, capsys)
    assert_says(line, subject="other.neumap", reason="format version 7", remedy=".")
    _write_other_decoder(small_map, path)
    (line,) = refused(["info", path], tmp_path, capsys)
    assert_says(line, subject="other.neumap", reason="decoder 0000000000000000", remedy="Build")


@pytest.mark.parametrize("verb", ["info", "localize", "evaluate"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text", "missing", "folder"])
def test_a_damaged_map_is_refused_by_every_verb(verb, damage, small_map, capture, capsys):
    path = capture.folder.parent / "damaged.neumap"
    content = bytearray(small_map.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    contents = {"cut": content[:-100], "flipped": content, "empty": b"", "text": b"not a map\n"}
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes(bytes(contents[damage]))
    arguments = {
        "info": ["info", path],
        "localize": ["localize", path, capture.photo(0)],
        "evaluate": ["evaluate", path, capture.folder, "--json", path.with_suffix(".json")],
    }[verb]
    lines = refused(arguments, capture.folder.parent, capsys)
    assert_says(lines[0], subject="damaged.neumap", reason=" ", remedy=".")


@pytest.mark.parametrize("damage", ["missing", "cut", "text", "empty"])
def test_a_bad_photo_is_refused_and_the_others_are_localised(damage, small_map, capture, capsys):
    bad = capture.photo(3)
    if damage == "missing":
        bad.unlink()
    elif damage == "cut":
        bad.write_bytes(bad.read_bytes()[:2000])
    else:
        bad.write_bytes(b"" if damage == "empty" else b"text")
    frame = capture.frames[0]
    camera = "PINHOLE,320,240," + ",".join(str(frame[name]) for name in ("fx", "fy", "cx", "cy"))
    before = fingerprint(capture.folder)
    arguments = [str(small_map), str(bad), str(capture.photo(5)), "--camera", camera, "--json"]
    assert main(["localize", *arguments]) == 2
    captured = capsys.readouterr()
    first, second = json.loads(captured.out)["photos"]
    assert (first["status"], first["is_bad_input"]) == ("failed", True)
    assert (second["status"], second["is_bad_input"]) == ("ok", False)
    (line,) = captured.err.splitlines()
    assert_says(line, subject=bad.name, reason=" ", remedy=".")
    assert fingerprint(capture.folder) == before


@pytest.mark.parametrize(
    ("camera", "reason"),
    [
        ("PERISCOPE,320,240,300,160,120", "PERISCOPE"),
        ("PINHOLE,640,480,500,500,320,240", "320 x 240"),
        ("PINHOLE,240,320,250,250,120,160", "rotated"),
        ("PINHOLE,320,240,nan,250,160,120", "nan"),
        ("PINHOLE,320", "--camera"),
        ("nowhere.json", "nowhere.json"),
    ],
)
def test_a_camera_that_is_wrong_is_refused(camera, reason, small_map, capture, capsys):
    arguments = ["localize", small_map, capture.photo(0), "--camera", camera]
    (line,) = refused(arguments, capture.folder, capsys)
    assert reason in line
