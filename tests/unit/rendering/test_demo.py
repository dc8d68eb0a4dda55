"""The demo's capture."""

from dataclasses import replace

from neumap.images.split import Split
from neumap.rendering import demo


def test_demo_writes_its_map_and_query_photos(tmp_path, monkeypatch):
    small = replace(demo.DEMO_SPEC, width=48, height=36, num_map=4, num_query=2)
    monkeypatch.setattr(demo, "DEMO_SPEC", small)
    demo.demo_capture(tmp_path)
    split = Split.read(tmp_path / "split.json")
    assert (len(split.map_names), len(split.query_names)) == (4, 2)
    assert all((tmp_path / name).exists() for name in (*split.map_names, *split.query_names))
