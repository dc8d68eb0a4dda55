import os

import pytest

from neumap.errors import DataError
from neumap.evaluation.text_file import write_text_atomically


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "out.json"
    write_text_atomically(path, "old")

    def interrupt(_handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_text_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_a_data_error_and_leaves_no_file(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="No space left"):
        write_text_atomically(tmp_path / "out.json", "new")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="cannot be written"):
        write_text_atomically(tmp_path / "none" / "out.json", "text")
