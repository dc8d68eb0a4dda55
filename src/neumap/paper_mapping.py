"""A map of the `paper` decoder: codes of a new scene under the shipped, frozen network."""

import time
from typing import Any

import numpy as np

from neumap.codes.dense_codes import DenseCodes
from neumap.codes.map_file import map_file_bytes
from neumap.codes.selection import select_by_coverage
from neumap.decoder.paper_weights import load_code_start, load_paper_decoder
from neumap.errors import MappingError, OptionError
from neumap.scene import Scene
from neumap.scene.voxels import VoxelGrid
from neumap.scene_map import Map
from neumap.training.feature_buffer import FeatureBuffer
from neumap.training.paper_fit import PaperFitConfig, fit_started_codes, prune_points, start_codes

_MIN_POINTS = 30  # fewer cannot carry a pose


def map_with_paper_decoder(
    scene: Scene,
    header: dict[str, Any],
    *,
    budget_bytes: int,
    seconds: float,
    seed: int,
    config: PaperFitConfig | None = None,
) -> Map:
    """Fit codes for `seconds` and keep as many as the budget holds: bytes of the whole file.

    `header` needs units, extractor, provenance and layout {"k": "paper", "q": key-points};
    decoder and origin are set here. One voxel covers the scene. The result depends on the
    machine's speed unless `seconds` is 0 (codes as they start). Raises OptionError for a budget
    that holds no map, MappingError where the scene or every view has too few points.
    """
    config = config if config is not None else PaperFitConfig()
    began = time.perf_counter()
    decoder, decoder_hash = load_paper_decoder()
    header = {**header, "decoder": decoder_hash, "origin": [0.0, 0.0, 0.0]}
    buffer = FeatureBuffer(scene, VoxelGrid.from_points(scene.points.xyz_in_world))
    networks = decoder, load_code_start()
    order = select_by_coverage(scene, len(scene.points))
    # Every code beyond those of points is counted in the bytes of a map of the fewest points.
    fewest = order[:_MIN_POINTS]
    base = start_codes(scene, fewest, buffer, networks)
    spare = budget_bytes - _file_bytes(header, base)
    _require_room(budget_bytes, spare, len(order))
    num_points = min(len(order), len(fewest) + int(spare // (decoder.config.width + 1)))
    codes = start_codes(scene, order[: int(config.surplus * num_points)], buffer, networks)
    keep = base.num_kept - len(fewest) + num_points
    if seconds > 0:
        fit_started_codes(
            codes,
            buffer,
            decoder,
            keep=keep,
            in_voxel_share=_share_with_points(scene),
            seconds=seconds,
            seed=seed,
            config=config,
        )
    else:
        prune_points(codes, keep)
    tensors = _tensors(codes)
    while (excess := len(map_file_bytes(header, tensors)) - budget_bytes) > 0:
        keep -= max(1, -(-excess // (decoder.config.width + 1)))
        prune_points(codes, keep)
        tensors = _tensors(codes)
    return Map(header, tensors, {"codes": time.perf_counter() - began})


def _require_room(budget_bytes: int, spare: int, num_points: int) -> None:
    if spare < 0:
        raise OptionError(
            "--budget",
            f"{budget_bytes} bytes do not hold a map of {_MIN_POINTS} codes",
            f"Give at least {budget_bytes - spare} bytes.",
        )
    if num_points < _MIN_POINTS:
        raise MappingError(
            "scene points",
            f"there are only {num_points}, expected at least {_MIN_POINTS}",
            "Take photos that overlap by half, of a textured place.",
        )


def _share_with_points(scene: Scene) -> float:
    """Share of key-points that show a point of the scene."""
    num_pixels = sum(len(view.features) for view in scene.views)
    return float(np.clip(len(scene.points.obs_point_idx) / max(num_pixels, 1), 0.05, 0.95))


def _tensors(codes: DenseCodes) -> dict[str, np.ndarray]:
    """What the map file stores: 8 bits a channel of the codes that are kept."""
    return {name: value.numpy() for name, value in codes.to_tensors("int8").items()}


def _file_bytes(header: dict[str, Any], codes: DenseCodes) -> int:
    return len(map_file_bytes(header, _tensors(codes)))
