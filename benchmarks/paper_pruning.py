"""Pruning in maps of the `paper` decoder: half of the codes against all of them.

`python -m benchmarks.paper_pruning --cache DIR [--sets NAME...] [--rendered DIR...]`

Every map of a set is fitted for the same seconds of the processor on one thread. Routes: `all` fits
the codes of the first points by greedy coverage; `reads` and `scales` start with the same codes and
keep half of them on the way (`PaperFitConfig.importance`); `coverage` fits the first half from the
start. Splits are those of paper_decoder.py. Writes benchmarks/results/paper_pruning.json.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from benchmarks.paper_decoder import header_of, localizer_of, scene_of, score
from neumap.codes.dense_stream import dense_tensors
from neumap.codes.selection import select_by_coverage
from neumap.decoder.paper_space import load_dense_space
from neumap.decoder.paper_weights import load_code_start, load_paper_decoder
from neumap.features.xfeat import XFeatExtractor
from neumap.scene import Scene
from neumap.scene.voxels import VoxelGrid
from neumap.scene_map import Map
from neumap.training.feature_buffer import FeatureBuffer
from neumap.training.paper_fit import PaperFitConfig, fit_started_codes, start_codes
from neumap.training.paper_importance import Surplus

Row = dict[str, Any]  # a JSON object
Route = Literal["all", "reads", "scales", "coverage"]
ROUTES: tuple[Route, ...] = ("all", "reads", "scales", "coverage")
SETS = ("shelf50", "lund_door", "strecha_fountain-P11", "fox")
RESULTS = Path(__file__).parent / "results" / "paper_pruning.json"


def fitted_map(
    scene: Scene, header: dict[str, Any], *, route: Route, num_codes: int, seconds: float
) -> tuple[Map, int]:
    """Map a scene with half of `num_codes`, or all of them; returns the steps of the fit, too."""
    networks = load_paper_decoder()[0], load_dense_space()
    buffer = FeatureBuffer(scene, VoxelGrid.from_points(scene.points.xyz_in_world))
    order = select_by_coverage(scene, num_codes)
    half = len(order) // 2
    point_idx = order[:half] if route == "coverage" else order
    is_pruned = route in ("reads", "scales")
    num_pixels = sum(len(view.features) for view in scene.views)
    seed = int(header["provenance"]["seed"])
    fitted = fit_started_codes(
        start_codes(scene, point_idx, buffer, (networks[0], load_code_start())),
        buffer,
        networks,
        surplus=Surplus(scene=scene, point_idx=point_idx, keep=half) if is_pruned else None,
        in_voxel_share=float(
            np.clip(len(scene.points.obs_point_idx) / max(num_pixels, 1), 0.05, 0.95)
        ),
        seconds=seconds,
        seed=seed,
        config=PaperFitConfig(importance="scales" if route == "scales" else "reads"),
        clock=time.process_time,  # other work on the machine takes nothing from a route
    )
    header = {**header, "decoder": load_paper_decoder()[1], "origin": [0.0, 0.0, 0.0]}
    return Map(header, dense_tensors(fitted.codes, networks[1])), fitted.num_steps


def rows_of(folder: Path, options: argparse.Namespace, extractor: XFeatExtractor) -> list[Row]:
    """Rows of one set: every seed, every route."""
    made = scene_of(folder, options.cache, extractor)
    rows: list[Row] = []
    for seed in options.seeds:
        for route in options.routes:
            built, num_steps = fitted_map(
                made.scene,
                header_of(made.scene, extractor, seed=seed),
                route=route,
                num_codes=options.codes,
                seconds=options.seconds,
            )
            scored = score(localizer_of(built, extractor), made.queries)
            row: Row = {"set": folder.name, "route": route, "seed": seed}
            row |= {"num_codes": built.num_codes, "map_bytes": sum(built.bytes_by_part().values())}
            row |= {"num_steps": num_steps, "fit_seconds": options.seconds} | scored.row()
            rows.append(row)
            print(json.dumps(row), flush=True)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit and localise every set by every route; print rows and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--rendered", type=Path, nargs="*", default=[])
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--routes", nargs="+", choices=ROUTES, default=list(ROUTES))
    parser.add_argument("--codes", type=int, default=800, help="codes before pruning")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--json", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    data = Path(os.environ.get("NEUMAP_DATA", "../shared/data"))
    extractor = XFeatExtractor()
    rows: list[Row] = []
    for folder in [*options.rendered, *(data / name for name in options.sets)]:
        if not folder.exists():
            print(f"{folder} is absent, skipped")
            continue
        rows += rows_of(folder, options, extractor)
        report = {"decoder": load_paper_decoder()[1], "rows": rows}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
