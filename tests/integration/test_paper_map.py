from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neumap.codes.map_file import map_file_bytes
from neumap.compression import compress_map
from neumap.decoder.paper_weights import load_paper_decoder
from neumap.errors import OptionError
from neumap.features.xfeat import XFeatConfig, XFeatExtractor
from neumap.images import Split, load_photo, read_images
from neumap.paper_mapping import map_with_paper_decoder
from neumap.pose import PoseEstimate, PoseFailure
from neumap.scene import Scene
from neumap.scene.build_scene import build_scene, describe_with
from neumap.scene_map import Map, extractor_hash
from neumap.training.paper_fit import PaperFitConfig

KEY_POINTS = 1000


@pytest.fixture(scope="module")
def room(room_capture: Path) -> tuple[Scene, dict[str, Any]]:
    extractor = XFeatExtractor(XFeatConfig(max_key_points=KEY_POINTS))
    image_set = read_images(room_capture)
    images, _ = Split.read(room_capture / "split.json").apply(image_set)
    scene = build_scene(images, describe_with(extractor), units=image_set.units)
    header: dict[str, Any] = {
        "units": scene.units,
        "extractor": extractor_hash(extractor.config),
        "layout": {"k": "paper", "q": KEY_POINTS},
        "provenance": {"seed": 0},
    }
    return scene, header


def test_fit_save_load_localize_within_the_budget(
    room: tuple[Scene, dict[str, Any]], room_capture: Path, tmp_path: Path
):
    scene, header = room
    decoder, digest = load_paper_decoder()
    before = {name: value.clone() for name, value in decoder.state_dict().items()}
    made = map_with_paper_decoder(scene, header, budget_bytes=16_000, seconds=4.0, seed=0)
    for name, value in decoder.state_dict().items():
        assert torch.equal(before[name], value), name
    path = tmp_path / "room.nmap"
    made.save(path)
    assert 0.97 * 16_000 < path.stat().st_size <= 16_000
    loaded = Map.load(path)
    assert loaded.kind == "paper"
    assert loaded.header["decoder"] == digest
    _, queries = Split.read(room_capture / "split.json").apply(read_images(room_capture))
    errors: list[float] = []
    for query in queries:
        found = loaded.localize(load_photo(query.path), camera=query.camera)
        assert isinstance(found, PoseEstimate | PoseFailure)
        if isinstance(found, PoseEstimate) and query.cam_from_world is not None:
            truth = query.cam_from_world.inverse().translation
            errors.append(float(np.linalg.norm(found.cam_from_world.inverse().translation - truth)))
    # A room of some metres: four seconds of fitting put at least one photo in its right corner.
    assert min(errors) < 0.5


@pytest.mark.parametrize("budget_bytes", [2500, 8000])
def test_a_map_that_started_with_more_codes_is_pruned_to_the_budget(
    room: tuple[Scene, dict[str, Any]], budget_bytes: int
):
    scene, header = room
    made = map_with_paper_decoder(
        scene,
        header,
        budget_bytes=budget_bytes,
        seconds=0.5,
        seed=0,
        config=PaperFitConfig(surplus=2.0),
    )
    assert 0.97 * budget_bytes < sum(made.bytes_by_part().values()) <= budget_bytes
    bits, entropy = made.value_bits()
    assert 4.0 < entropy < bits < 6.0


def test_codes_that_are_not_fitted_are_the_same_each_time(room: tuple[Scene, dict[str, Any]]):
    scene, header = room
    first, second = (
        map_with_paper_decoder(scene, header, budget_bytes=8000, seconds=0.0, seed=0)
        for _ in range(2)
    )
    assert all(np.array_equal(first.tensors[name], second.tensors[name]) for name in first.tensors)


def test_a_budget_that_holds_no_map_is_refused(room: tuple[Scene, dict[str, Any]]):
    scene, header = room
    with pytest.raises(OptionError, match="do not hold a map"):
        map_with_paper_decoder(scene, header, budget_bytes=700, seconds=0.0, seed=0)


def test_a_smaller_map_keeps_the_budget_and_the_codes_of_later_blocks(
    room: tuple[Scene, dict[str, Any]],
):
    scene, header = room
    source = map_with_paper_decoder(scene, header, budget_bytes=16_000, seconds=0.0, seed=0)
    smaller = compress_map(source, budget_bytes=12_000)
    sizes = [len(map_file_bytes(m.header, m.tensors)) for m in (source, smaller)]
    assert 0.98 * 12_000 <= sizes[1] <= 12_000 < sizes[0]
    before, after = (m.reader.codes.is_kept for m in (source, smaller))
    assert int(before[:, 1:].sum()) == int(after[:, 1:].sum())
    assert smaller.num_codes == int(after[:, 0].sum()) - 1 < source.num_codes
    with pytest.raises(OptionError, match="Give at least"):
        compress_map(source, budget_bytes=700)
