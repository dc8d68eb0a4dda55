import pytest

from neumap.cli import pairs as pairs_verb
from neumap.cli.main import main
from neumap.images import Split
from neumap.retrieval import read_pairs


@pytest.fixture
def capture(world, monkeypatch):
    """Ten photos that differ in how bright they are, described by that."""
    monkeypatch.setattr(pairs_verb, "read_images", lambda _root, *, layout: world.image_set)
    return world


def test_each_query_is_paired_with_mapped_photos(capture, tmp_path, capsys):
    split, out = tmp_path / "split.json", tmp_path / "pairs.txt"
    Split(("0.png", "1.png", "2.png"), ("8.png", "9.png")).write(split)
    command = ["pairs", str(capture.folder), "--out", str(out), "--split", str(split), "--num", "2"]
    assert main([*command, "--quiet"]) == 0
    pairs = read_pairs(out)
    assert [query for query, _ in pairs] == ["8.png", "8.png", "9.png", "9.png"]
    assert {mapped for _, mapped in pairs} <= {"0.png", "1.png", "2.png"}
    assert "4 pairs of 2 queries and 3 mapped photos" in capsys.readouterr().out


def test_without_a_split_every_5th_photo_is_a_query(capture, tmp_path):
    out = tmp_path / "pairs.txt"
    assert main(["pairs", str(capture.folder), "--out", str(out), "--num", "1", "--quiet"]) == 0
    assert [query for query, _ in read_pairs(out)] == ["2.png", "7.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--num", "0"], "--num"), (["--split", "absent.json"], "absent.json")],
)
def test_bad_input_exits_2_and_writes_nothing(capture, tmp_path, capsys, arguments, message):
    out = tmp_path / "pairs.txt"
    assert main(["pairs", str(capture.folder), "--out", str(out), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_that_does_not_exist_exits_2(capture, tmp_path, capsys):
    assert main(["pairs", str(capture.folder), "--out", str(tmp_path / "no" / "p.txt")]) == 2
    assert "--out" in capsys.readouterr().err
