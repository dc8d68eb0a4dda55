import pytest

from neumap.images.input_text import cut_warnings, odd_one_warnings


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{index}.txt" for index in range(3)]
    for path in paths:
        path.write_text("1 2 3\n")
    return paths


def test_a_file_without_a_last_line_break_is_named(files):
    assert cut_warnings(*files) == []
    files[1].write_text("1 2")
    assert [sentence.split()[0] for sentence in cut_warnings(*files)] == ["1.txt"]


def test_of_many_files_only_those_that_differ_from_the_others_are_named(files):
    assert odd_one_warnings(files) == []
    files[1].write_text("1 2")
    assert "1 of 3 files like 1.txt" in odd_one_warnings(files)[0]
    for path in files:
        path.write_text("1 2 3")
    assert odd_one_warnings(files) == []  # how the data set writes them
