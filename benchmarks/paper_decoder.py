"""The `paper` decoder, trained jointly on rendered scenes, then code-only on scenes it never saw.

`python benchmarks/paper_decoder.py --cache DIR [--rendered DIR...] [--seconds 90] [--sets NAME...]`

Real sets come from NEUMAP_DATA (default ../shared/data). Split: redkitchen maps frames 0-699 with
depth, every 10th of 700-999 is a query; elsewhere every 5th frame from index 2 is a query.
Rendered sets use their own split. Writes benchmarks/results/paper_decoder.json.
"""

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from neumap.codes.dense_stream import dense_codes_of
from neumap.decoder.paper_space import load_dense_space
from neumap.decoder.paper_weights import MIN_CONFIDENCE, MIN_INLIER_RATIO, load_paper_decoder
from neumap.features.xfeat import XFeatExtractor
from neumap.geometry import RigidTransform
from neumap.images import ImageSet, PosedImage, Split, read_images
from neumap.localizer import Localizer, LocalizerConfig
from neumap.paper_mapping import map_with_paper_decoder
from neumap.pose import PoseEstimate
from neumap.scene import MappingView, Scene
from neumap.scene.build_scene import build_scene, describe_with, make_views
from neumap.scene_map import Map, extractor_hash
from neumap.scene_readers import PaperReader
from neumap.training.scene_cache import TrainingScene, load_training_scene, save_training_scene

REAL_SETS = ("fox", "strecha_fountain-P11", "strecha_Herz-Jesus-P25", "redkitchen")
RESULTS = Path(__file__).parent / "results" / "paper_decoder.json"


@dataclass(frozen=True)
class Scored:
    """Errors of all queries of one map; a failed query has an infinite error."""

    position: np.ndarray
    rotation_deg: np.ndarray
    inlier_ratio: np.ndarray

    def row(self) -> dict[str, float | int | None]:
        """Figures of a table row; None stands for a quantile that is a failure."""

        def quantile(values: np.ndarray, share: float) -> float | None:
            value = float(np.quantile(values, share, method="higher"))
            return round(value, 4) if np.isfinite(value) else None

        return {
            "median_position_error": quantile(self.position, 0.5),
            "p75_position_error": quantile(self.position, 0.75),
            "median_rotation_error_deg": quantile(self.rotation_deg, 0.5),
            "num_queries": len(self.position),
            "num_failed": int(np.isinf(self.position).sum()),
            "median_inlier_ratio": round(float(np.median(self.inlier_ratio)), 3),
        }


def split_of(folder: Path, image_set: ImageSet) -> tuple[list[PosedImage], list[PosedImage]]:
    """Mapping and query photos of a set."""
    own = folder / "split.json"
    if own.exists():
        mapping, queries = Split.read(own).apply(image_set)
        return list(mapping), list(queries)
    images = list(image_set.images)
    if folder.name == "redkitchen":
        return images[:700], images[700:1000:10]
    queries = images[2::5]
    return [image for image in images if image not in queries], queries


def scene_of(folder: Path, cache: Path, extractor: XFeatExtractor) -> TrainingScene:
    """Build a set's scene and describe its queries; kept in the cache."""
    path = cache / f"benchmark-{folder.parent.name}-{folder.name}.safetensors"
    if path.exists():
        return load_training_scene(path)
    image_set = read_images(folder)
    mapping, queries = split_of(folder, image_set)
    scene = build_scene(mapping, describe_with(extractor), units=image_set.units)
    views = make_views(queries, describe_with(extractor), progress=lambda stage, done, total: None)
    unknown = tuple(np.full(len(v.xy_cam), np.nan) for v in (*scene.views, *views))
    made = TrainingScene(folder.name, scene, views, unknown, (0.0,) * len(unknown))
    cache.mkdir(parents=True, exist_ok=True)
    save_training_scene(made, path)
    return made


def score(localizer: Localizer, queries: tuple[MappingView, ...]) -> Scored:
    """Localise described photos and compare with their true poses."""
    rows: list[tuple[float, float, float]] = []
    for view in queries:
        size = view.camera.width, view.camera.height
        found = localizer.localize_features(view.features, size=size, camera=view.camera)
        if not isinstance(found, PoseEstimate):
            rows.append((np.inf, np.inf, 0.0))
            continue
        rows.append((*errors(found.cam_from_world, view), float(found.is_inlier.mean())))
    table = np.array(rows)
    return Scored(table[:, 0], table[:, 1], table[:, 2])


def errors(cam_from_world: RigidTransform, view: MappingView) -> tuple[float, float]:
    """Distance of the centres, angle between the rotations in degrees."""
    truth = view.cam_from_world
    gap = np.linalg.norm(cam_from_world.center_in_source - truth.center_in_source)
    turn = cam_from_world.rotation @ truth.rotation.T
    cosine = np.clip((np.trace(turn) - 1) / 2, -1, 1)
    return float(gap), float(np.rad2deg(np.arccos(cosine)))


def localizer_of(built: Map, extractor: XFeatExtractor) -> Localizer:
    """Localiser with the limits that go with the shipped weights."""
    codes = dense_codes_of(built.tensors, load_dense_space())
    reader = PaperReader(load_paper_decoder()[0], codes, MIN_CONFIDENCE)
    return Localizer(extractor, reader, config=LocalizerConfig(min_inlier_ratio=MIN_INLIER_RATIO))


def header_of(scene: Scene, extractor: XFeatExtractor, *, seed: int) -> dict[str, Any]:
    """What mapping states in a map file."""
    return {
        "units": scene.units,
        "extractor": extractor_hash(extractor.config),
        "layout": {"k": "paper", "q": 2000},
        "provenance": {"images": len(scene.views), "seed": seed},
    }


def main() -> None:
    """Map and localise every set at every budget; print rows and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--rendered", type=Path, nargs="*", default=[])
    parser.add_argument("--sets", nargs="*", default=list(REAL_SETS))
    parser.add_argument("--budgets", type=int, nargs="+", default=[28_000, 102_000])
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, default=RESULTS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    data = Path(os.environ.get("NEUMAP_DATA", "../shared/data"))
    folders = [*args.rendered, *(data / name for name in args.sets)]
    extractor = XFeatExtractor()
    rows: list[dict[str, Any]] = []
    for folder in folders:
        if not folder.exists():
            print(f"{folder} is absent, skipped")
            continue
        made = scene_of(folder, args.cache, extractor)
        for budget in args.budgets:
            built = map_with_paper_decoder(
                made.scene,
                header_of(made.scene, extractor, seed=args.seed),
                budget_bytes=budget,
                seconds=args.seconds,
                seed=args.seed,
            )
            name = folder.name if folder.parent == data else f"{folder.parent.name}/{folder.name}"
            row = {"set": name, "map_bytes": sum(built.bytes_by_part().values())}
            scored = score(localizer_of(built, extractor), made.queries)
            row |= {"fit_seconds": args.seconds} | scored.row()
            rows.append(row)
            print(json.dumps(row), flush=True)
            args.json.parent.mkdir(parents=True, exist_ok=True)
            report = {"decoder": load_paper_decoder()[1], "rows": rows}
            args.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
