import json

import pytest

from benchmark_writers import BENCHMARK_WRITERS
from layout_writers import WRITERS
from neumap.errors import DataError, OptionError
from neumap.images import LAYOUTS, read_images


def test_unknown_folder_lists_the_layouts_and_the_way_out(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        read_images(tmp_path)
    for word in (*LAYOUTS, "--poses sfm"):
        assert word in caught.value.faults[0].remedy


def test_empty_missing_and_file_roots_are_typed_errors(tmp_path):
    with pytest.raises(DataError, match="is empty"):
        read_images(tmp_path)
    with pytest.raises(DataError, match="does not exist"):
        read_images(tmp_path / "none")
    (tmp_path / "cameras.json").write_text("{}")
    with pytest.raises(DataError, match="is not a folder"):
        read_images(tmp_path / "cameras.json")


def test_unknown_layout_name_is_an_option_error(tmp_path):
    with pytest.raises(OptionError, match="bundler"):
        read_images(tmp_path, layout="bundler")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_that_is_named_but_not_there_is_a_data_error(tmp_path, layout):
    with pytest.raises(DataError):
        read_images(tmp_path, layout=layout)


def test_a_data_set_one_folder_below_is_pointed_at(write_layout):
    root = write_layout("tum")
    with pytest.raises(DataError, match=r"but tum below it has"):
        read_images(root.parent)


def test_with_two_layouts_the_first_is_read_and_the_other_named(write_layout, synthetic_capture):
    root = write_layout("colmap_text")
    content = json.loads((write_layout("nerfstudio") / "transforms.json").read_text())
    (root / "transforms.json").write_text(json.dumps(content))
    image_set = read_images(root)
    assert image_set.layout == "nerfstudio"
    assert any("colmap" in sentence for sentence in image_set.warnings)
    assert read_images(root, layout="colmap").layout == "colmap"


def test_each_layout_of_the_package_is_detected_alone(write_layout):
    for name in (*WRITERS, *BENCHMARK_WRITERS):
        image_set = read_images(write_layout(name))
        assert not any("also has the layout" in sentence for sentence in image_set.warnings)
