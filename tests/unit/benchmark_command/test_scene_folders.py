from dataclasses import replace

import pytest

from layout_writers import make_capture, write_capture, write_seven_scenes
from neumap.benchmark import find_recipe
from neumap.benchmark.recipe import SceneFolder
from neumap.benchmark.scene_folders import find_scenes
from neumap.errors import DataError


def test_all_scenes_are_found_below_the_root_in_the_recipe_s_order(recipe, root):
    found = find_scenes(recipe, root)
    assert [(scene.name, scene.folder) for scene in found] == [
        ("hall", root / "hall"),
        ("yard", root / "yard"),
    ]


def test_the_folder_of_one_scene_runs_it_alone(recipe, root):
    (found,) = find_scenes(recipe, root / "yard")
    assert (found.name, found.folder) == ("yard", root / "yard")


def test_a_scene_in_a_folder_below_is_told_apart_by_its_whole_path(recipe, root):
    deep = replace(recipe, scenes=SceneFolder.called("a/hall", "b/hall"))
    write_capture(root / "b" / "hall", make_capture(5))
    (found,) = find_scenes(deep, root / "b" / "hall")
    assert found.name == "b/hall"


def test_missing_scenes_are_all_named(recipe, root):
    more = replace(recipe, scenes=SceneFolder.called("hall", "attic", "cellar"))
    with pytest.raises(DataError) as caught:
        find_scenes(more, root)
    assert [fault.subject for fault in caught.value.faults] == [
        str(root / "attic"),
        str(root / "cellar"),
    ]
    assert all("scene missing" in fault.reason for fault in caught.value.faults)


def test_scenes_that_are_not_named_are_all_folders_with_the_layout(recipe, root):
    anything = replace(recipe, scenes=())
    (root / "empty").mkdir()
    assert [scene.name for scene in find_scenes(anything, root)] == ["hall", "yard"]
    assert [scene.name for scene in find_scenes(anything, root / "hall")] == ["hall"]
    with pytest.raises(DataError, match="neither it nor a folder below it has the layout capture"):
        find_scenes(anything, root / "empty")


def test_a_scene_without_the_layout_or_a_needed_file_is_refused_with_the_page(root):
    seven = replace(find_recipe("7scenes"), scenes=SceneFolder.called("chess", "fire", "hall"))
    for name in ("chess", "fire"):
        write_seven_scenes(root / name, make_capture(6))
    (root / "fire" / "TestSplit.txt").unlink()
    with pytest.raises(DataError) as caught:
        find_scenes(seven, root)
    lines = [str(fault) for fault in caught.value.faults]
    assert any("fire: lacks TestSplit.txt" in line for line in lines)
    assert any("hall: does not have the layout 7scenes" in line for line in lines)
    assert all("docs/datasets/seven_scenes.md" in line for line in lines)
    assert not any("chess" in line for line in lines)


def test_files_of_another_version_are_refused(recipe, root):
    strict = replace(recipe, lacks=("*.json",))
    with pytest.raises(DataError, match=r"holds cameras\.json of another version"):
        find_scenes(strict, root)


def test_a_root_that_is_no_folder_is_refused(recipe, tmp_path):
    (tmp_path / "file").write_text("")
    for name, reason in (("nowhere", "does not exist"), ("file", "is not a folder")):
        with pytest.raises(DataError, match=reason):
            find_scenes(recipe, tmp_path / name)
