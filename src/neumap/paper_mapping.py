"""A map of the `paper` decoder: codes of a new scene under the shipped, frozen network."""

import time
from typing import Any

import numpy as np

from neumap.codes.budget_search import largest_fit
from neumap.codes.dense_codes import DenseCodes
from neumap.codes.dense_stream import dense_tensors, expected_tensors
from neumap.codes.map_file import map_file_bytes
from neumap.codes.pruning import first_points, without_pruned
from neumap.codes.selection import select_by_coverage
from neumap.decoder.paper_space import load_dense_space
from neumap.decoder.paper_weights import load_code_start, load_paper_decoder
from neumap.errors import MappingError, OptionError
from neumap.scene import Scene
from neumap.scene.voxels import VoxelGrid
from neumap.scene_map import Map
from neumap.training.feature_buffer import FeatureBuffer
from neumap.training.paper_fit import PaperFitConfig, fit_started_codes, start_codes
from neumap.training.paper_importance import Surplus

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
    space = load_dense_space()
    header = {**header, "decoder": decoder_hash, "origin": [0.0, 0.0, 0.0]}
    buffer = FeatureBuffer(scene, VoxelGrid.from_points(scene.points.xyz_in_world))
    order = select_by_coverage(scene, len(scene.points))
    _require_points(len(order))
    started = start_codes(scene, order, buffer, (decoder, load_code_start()))

    def fitting(codes: DenseCodes) -> DenseCodes:
        """Keep as many of the first codes of points as the budget holds."""
        kept = largest_fit(
            lambda count: first_points(codes, count),
            expected_size=lambda kept: len(map_file_bytes(header, expected_tensors(kept, space))),
            size=lambda kept: len(map_file_bytes(header, dense_tensors(kept, space))),
            budget_bytes=budget_bytes,
            least=_MIN_POINTS,
            most=int(codes.is_of_point.sum()),
        )
        if kept is None:
            fewest = dense_tensors(first_points(codes, _MIN_POINTS), space)
            raise _too_small(budget_bytes, len(map_file_bytes(header, fewest)))
        return kept

    keep = int(fitting(started).is_of_point.sum())
    num_started = min(int(config.surplus * keep), len(order))
    codes = without_pruned(first_points(started, num_started))
    if num_started > keep or seconds > 0:
        surplus = Surplus(scene=scene, point_idx=order[:num_started], keep=keep)
        codes = fit_started_codes(
            codes,
            buffer,
            (decoder, space),
            surplus=surplus if num_started > keep else None,
            in_voxel_share=_share_with_points(scene),
            seconds=seconds,
            seed=seed,
            config=config,
        ).codes
    # Fitted codes take slightly other bytes than those they started from.
    tensors = dense_tensors(fitting(codes), space)
    return Map(header, tensors, {"codes": time.perf_counter() - began})


def _require_points(num_points: int) -> None:
    if num_points < _MIN_POINTS:
        raise MappingError(
            "scene points",
            f"there are only {num_points}, expected at least {_MIN_POINTS}",
            "Take photos that overlap by half, of a textured place.",
        )


def _too_small(budget_bytes: int, smallest_bytes: int) -> OptionError:
    return OptionError(
        "--budget",
        f"{budget_bytes} bytes do not hold a map of {_MIN_POINTS} codes",
        f"Give at least {smallest_bytes} bytes.",
    )


def _share_with_points(scene: Scene) -> float:
    """Share of key-points that show a point of the scene."""
    num_pixels = sum(len(view.features) for view in scene.views)
    return float(np.clip(len(scene.points.obs_point_idx) / max(num_pixels, 1), 0.05, 0.95))
