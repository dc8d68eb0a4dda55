import pytest

from neumap.errors import DataError
from neumap.retrieval import read_pairs, write_pairs


def test_pairs_read_back_in_their_order(tmp_path):
    pairs = (("q/b.jpg", "db/2.jpg"), ("q/b.jpg", "db/1.jpg"), ("q/a.jpg", "db/2.jpg"))
    path = tmp_path / "pairs.txt"
    write_pairs(path, pairs)
    assert path.read_text() == "q/b.jpg db/2.jpg\nq/b.jpg db/1.jpg\nq/a.jpg db/2.jpg\n"
    assert read_pairs(path) == pairs


def test_blank_lines_comments_and_any_white_space_are_passed_over(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("# of NetVLAD\n\n  q.jpg \t db.jpg  \r\n")
    assert read_pairs(path) == (("q.jpg", "db.jpg"),)


def test_every_wrong_line_is_named(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("q.jpg db.jpg\nq.jpg\nq.jpg db.jpg 0.5\nq.jpg q.jpg\n\nq.jpg db.jpg\n")
    with pytest.raises(DataError) as caught:
        read_pairs(path)
    assert [(f.subject.rsplit(", ", 1)[1], f.reason) for f in caught.value.faults] == [
        ("line 2", "has 1 fields, expected 2"),
        ("line 3", "has 3 fields, expected 2"),
        ("line 4", "pairs q.jpg with itself"),
        ("line 6", "repeats the pair of line 1"),
    ]


@pytest.mark.parametrize("content", [b"", b"# nothing\n\n", b"q.jpg\xff db.jpg\n", b"a\0b c\n"])
def test_a_file_without_pairs_or_text_is_refused(tmp_path, content):
    path = tmp_path / "pairs.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"pairs\.txt"):
        read_pairs(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"absent\.txt"):
        read_pairs(tmp_path / "absent.txt")


@pytest.mark.parametrize("name", ["my photo.jpg", "", "a\tb.jpg", "#1.jpg"])
def test_names_that_the_format_cannot_hold_are_refused(tmp_path, name):
    path = tmp_path / "pairs.txt"
    with pytest.raises(DataError, match="Rename"):
        write_pairs(path, [(name, "db.jpg")])
    assert not path.exists()
