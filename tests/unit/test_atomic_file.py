import pytest

from neumap.atomic_file import write_atomically


def test_content_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "file.bin"
    write_atomically(path, b"old")
    write_atomically(path, b"new and longer")
    assert path.read_bytes() == b"new and longer"
    assert list(tmp_path.iterdir()) == [path]


def test_target_that_is_a_folder_stays_and_no_temporary_is_left(tmp_path):
    folder = tmp_path / "folder"
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match=r".+"):
        write_atomically(folder, b"data")
    assert list(tmp_path.iterdir()) == [folder]
