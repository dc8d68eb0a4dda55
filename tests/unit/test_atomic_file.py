import pytest

from neumap.atomic_file import new_folder, write_atomically


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


def test_a_new_folder_appears_once_it_is_whole(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    with new_folder(folder) as whole:
        (whole / "file").write_text("text")
        assert list(folder.iterdir()) == []
    assert (folder / "file").read_text() == "text"
    assert list(tmp_path.iterdir()) == [folder]


def test_an_error_leaves_no_folder(tmp_path):
    def interrupted():
        with new_folder(tmp_path / "folder") as whole:
            (whole / "file").write_text("text")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_stays_as_it_is(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError), new_folder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
