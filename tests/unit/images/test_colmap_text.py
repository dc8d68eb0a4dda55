import pytest

from neumap.errors import DataError
from neumap.images.colmap_text import read_text_model

CAMERAS = "# Number of cameras: 1\n1 PINHOLE 64 48 60 60 32 24\n"
IMAGES = "# Number of images: 2\n1 1 0 0 0 0 0 0 1 a b.png\n1 2 -1\n2 1 0 0 0 1 0 0 1 c.png\n\n"


def _write(folder, cameras=CAMERAS, images=IMAGES):
    (folder / "cameras.txt").write_text(cameras)
    (folder / "images.txt").write_text(images)
    return folder


def test_names_may_hold_spaces(tmp_path):
    model = read_text_model(_write(tmp_path))
    assert [image.name for image in model.images] == ["a b.png", "c.png"]
    assert model.images[1].cam_from_world.translation.tolist() == [1, 0, 0]
    assert model.warnings == ()


def test_a_comma_after_a_field_is_accepted(tmp_path):
    images = "1, 1, 0, 0, 0, 0.5, 0, 0, 1, left/a.png\n\n"
    model = read_text_model(_write(tmp_path, images=images))
    assert model.images[0].name == "left/a.png"
    assert model.images[0].cam_from_world.translation[0] == 0.5


BAD = {
    "decimal comma": ("cameras", "1 PINHOLE 64 48 60,5 60 32 24\n", "cameras.txt, line 1"),
    "unknown model": ("cameras", "\n1 MAGIC 64 48 60 60 32 24\n", "unknown camera model"),
    "too few parameters": ("cameras", "1 PINHOLE 64 48 60 32 24\n", "3 parameters, expected 4"),
    "focal <= 0": ("cameras", "1 PINHOLE 64 48 -60 60 32 24\n", "must be positive"),
    "not a size": ("cameras", "1 PINHOLE 64.5 48 60 60 32 24\n", "not a whole number"),
    "short line": ("cameras", "1 PINHOLE\n", "expected at least 5"),
    "camera twice": ("cameras", CAMERAS + "1 PINHOLE 64 48 60 60 32 24\n", "listed twice"),
    "wrong count": ("cameras", CAMERAS.replace(": 1", ": 2"), "announces 2 entries but holds 1"),
    "short pose": ("images", "1 1 0 0 0 0 0 0 1\n\n", "images.txt, line 1"),
    "no point line": ("images", IMAGES.replace("1 2 -1\n", ""), "not a line of 2D points"),
    "quaternion": ("images", "1 2 0 0 0 0 0 0 1 a.png\n\n", "norm 2.0"),
    "word for number": ("images", "1 1 0 0 0 x 0 0 1 a.png\n\n", "'x' is not a number"),
    "lost image": ("images", IMAGES.replace(": 2", ": 3"), "announces 3 entries but holds 2"),
    "binary": ("images", "\0\0", "NUL bytes"),
}


@pytest.mark.parametrize("case", BAD)
def test_malformed_lines_are_refused_by_file_and_line(tmp_path, case):
    which, text, message = BAD[case]
    with pytest.raises(DataError, match=message) as caught:
        read_text_model(_write(tmp_path, **{which: text}))
    assert f"{which}.txt" in caught.value.faults[0].subject


def test_all_malformed_lines_are_listed(tmp_path):
    cameras = "1 PINHOLE 64 48 60 60 32 24\n2 MAGIC 64 48 1\n3 PINHOLE 64 48 nan 60 32 24\n"
    images = "1 1 0 0 0 0 0 0 1\n\n2 1 0 0 0 0 0 0 1 a.png\n\n"
    with pytest.raises(DataError) as caught:
        read_text_model(_write(tmp_path, cameras, images))
    assert [fault.subject.split(", ")[-1] for fault in caught.value.faults] == [
        *("line 2", "line 3", "line 1")
    ]


def test_a_file_without_last_line_break_is_suspected(tmp_path):
    model = read_text_model(_write(tmp_path, cameras=CAMERAS.rstrip("\n")))
    assert "cameras.txt does not end with a line break" in model.warnings[0]
