"""Bytes against accuracy: neumap's two decoders, quantised descriptors, the full map.

Same points and key-points for all but the reference: the full-precision map of XFeat's own
key-points. Folds are pooled, of which the paper's decoder has the first. A query counts as found
where its position error is at most five times the reference's median. What COLMAP with SIFT stores
is measured where it is not known yet.

    python -m benchmarks.rate_accuracy --data ../shared/data --sets fox redkitchen
    python -m benchmarks.rate_accuracy --draw-only      # page and pictures from the committed JSON
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro

from benchmarks.colmap_store import known_stores, measure
from benchmarks.photo_describer import PhotoDescriber
from benchmarks.product_quantisation import DescriptorCodebook, product_quantised
from benchmarks.rows import Row
from benchmarks.sets import TEST_SETS, Fold, folds_of
from neumap.baselines.nearest import full_precision, yardstick
from neumap.baselines.yardstick_space import read_space
from neumap.decoder.paper_weights import MIN_INLIER_RATIO
from neumap.errors import OptionError
from neumap.evaluation.rate_accuracy import (
    RateCurve,
    RatePoint,
    rate_svg,
    rate_table,
    smallest_within,
)
from neumap.images import ImageSet, read_images
from neumap.localizer import LocalizerConfig, SceneReader
from neumap.mapping import MappingConfig, Source, map_of_scene
from neumap.scene.build_scene import Describe, build_scene
from neumap.scene.scene import Scene

BUDGETS = (1_000, 1_400, 2_000, 3_000, 4_200, 8_000, 14_000, 28_000)
PAPER_BUDGETS = (4_200, 28_000)
FULL, PAPER = "full map", "paper's decoder"
REFERENCE = "full map, XFeat's key-points"
_PAPER_QUERY = LocalizerConfig(min_inlier_ratio=MIN_INLIER_RATIO)
_WITHIN = 5.0
_RECALL = "5 x reference's median"
_RESULTS = Path(__file__).parent / "results"
RESULTS_FILE = _RESULTS / "rate_accuracy.json"
STORES_FILE = _RESULTS / "colmap_store.json"
_DOCS = Path(__file__).parent.parent / "docs"
PAGE = _DOCS / "rate_accuracy.md"


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to run."""

    data: Path = Path("../shared/data")
    """Folder of the sets."""
    sets: tuple[str, ...] = TEST_SETS
    cache: Path = Path("runs/features")
    """Folder of described photos."""
    query_step: int = 3
    """Take every n-th query of redkitchen."""
    draw_only: bool = False
    """Only write the page from the results."""


def measure_fold(
    fold: Fold,
    scene: Scene,
    image_set: ImageSet,
    describe: Describe,
    codebook: DescriptorCodebook,
    rows: dict[tuple[str, int], Row],
) -> None:
    """Add the queries of a fold to the rows of all sizes, but for those of the paper's decoder."""
    queries = [(image, describe(image)) for image in fold.queries]
    source = Source(layout=image_set.layout, num_images=len(fold.mapped), seed=0)
    space = read_space()

    def add(label: str, budget: int, num_bytes: int, reader: SceneReader) -> None:
        row = rows.setdefault((label, budget), Row())
        row.map_bytes.append(num_bytes)
        row.add_queries(reader, queries)

    full = full_precision(scene)
    add(FULL, 0, full.num_bytes, full)
    for budget in BUDGETS:
        scalar = yardstick(scene, space, num_bytes=budget)
        add("PCA and scalar", budget, scalar.num_bytes, scalar)
        product = product_quantised(scene, codebook, num_bytes=budget)
        add("product quantisation", budget, product.num_bytes, product)
        try:
            own = map_of_scene(scene, source, budget_bytes=budget)
        except OptionError:
            rows.setdefault(("neumap", budget), Row()).add_missed(len(queries))
            continue
        add("neumap", budget, sum(own.bytes_by_part().values()), own.reader)


def measure_reference(
    fold: Fold, image_set: ImageSet, describe: Describe, rows: dict[tuple[str, int], Row]
) -> None:
    """Add the queries of a fold to the row of the map that sizes and failures are told by."""
    full = full_precision(build_scene(fold.mapped, describe, units=image_set.units))
    row = rows.setdefault((REFERENCE, 0), Row())
    row.map_bytes.append(full.num_bytes)
    row.add_queries(full, [(image, describe(image)) for image in fold.queries])


def measure_paper(
    fold: Fold,
    scene: Scene,
    image_set: ImageSet,
    describe: Describe,
    rows: dict[tuple[str, int], Row],
) -> None:
    """Add the queries of a fold to the rows of the paper's decoder; a minute of fit for each."""
    queries = [(image, describe(image)) for image in fold.queries]
    source = Source(layout=image_set.layout, num_images=len(fold.mapped), seed=0)
    config = MappingConfig(decoder="paper")
    for budget in PAPER_BUDGETS:
        try:
            own = map_of_scene(scene, source, budget_bytes=budget, config=config)
        except OptionError:  # as small a map cannot be
            continue
        row = rows.setdefault((PAPER, budget), Row())
        row.map_bytes.append(sum(own.bytes_by_part().values()))
        row.add_queries(own.reader, queries, config=_PAPER_QUERY)


def fit_codebook(name: str, data: Path, describe: Describe) -> DescriptorCodebook:
    """Fit the product quantiser on the key-points of another set than this one."""
    images = read_images(data / ("shelf50" if name == "lund_door" else "lund_door")).images
    return DescriptorCodebook(np.concatenate([describe(image).descriptors for image in images]))


def curves_of(rows: dict[tuple[str, int], Row]) -> list[RateCurve]:
    """Turn rows to curves; sizes that more budgets share are one point."""
    full = float(np.median(rows[REFERENCE, 0].position_error))
    curves: list[RateCurve] = []
    for label in dict.fromkeys(name for name, _ in rows):
        points: dict[int, RatePoint] = {}
        for (name, _), row in rows.items():
            if name == label:
                point = _point(row, within=_WITHIN * full)
                points[point.map_bytes] = point
        curves.append(RateCurve(label=label, points=tuple(points[b] for b in sorted(points))))
    return curves


def _point(row: Row, *, within: float) -> RatePoint:
    errors = np.array(row.position_error)
    median, p75 = (float(np.percentile(errors, q, method="higher")) for q in (50, 75))
    return RatePoint(
        map_bytes=int(np.median(row.map_bytes)),
        median_position_error=round(median, 5) if np.isfinite(median) else None,
        p75_position_error=round(p75, 5) if np.isfinite(p75) else None,
        recall=round(float((errors <= within).mean()), 4),
        num_failed=int(np.isinf(errors).sum()),
        num_queries=len(errors),
    )


def stored_curves(stored: dict[str, Any]) -> list[RateCurve]:  # Any: JSON
    """Return the curves of a set in the results."""
    return [
        RateCurve(label=curve["label"], points=tuple(RatePoint(**p) for p in curve["points"]))
        for curve in stored["curves"]
    ]


def page(content: dict[str, Any]) -> str:  # Any: JSON of this module
    """Return docs/rate_accuracy.md."""
    parts = [Path(__file__).with_name("rate_accuracy_intro.md").read_text(encoding="utf-8")]
    for name, stored in content["sets"].items():
        curves = stored_curves(stored)
        parts += [f"## {name}\n", f"![bytes against error](rate_accuracy/{name}.svg)\n"]
        parts += [_summary(name, curves), ""]
        parts.append(rate_table(curves, unit=_unit(stored), recall_name=_RECALL))
    return "\n".join(parts)


def draw(content: dict[str, Any]) -> None:  # Any: JSON of this module
    """Write docs/rate_accuracy.md and its pictures."""
    pictures = _DOCS / "rate_accuracy"
    pictures.mkdir(exist_ok=True)
    for name, stored in content["sets"].items():
        curves = stored_curves(stored)
        svg = rate_svg(curves, unit=_unit(stored), recall_name=_RECALL, name=name)
        (pictures / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")
    PAGE.write_text(page(content), encoding="utf-8")


def _unit(stored: dict[str, Any]) -> str:  # Any: JSON
    return "m" if stored["units"] == "metre" else "units"


def _summary(name: str, curves: list[RateCurve]) -> str:
    """Sentences on the smallest map of the full map's accuracy, and how much smaller it is."""
    by_label = {curve.label: curve for curve in curves}
    reference, full = by_label[REFERENCE].points[0], by_label[FULL].points[0]
    num_bytes = smallest_within(by_label["neumap"], reference)
    if num_bytes is None:
        return "No size keeps the median within 10 % of the reference's from there on."
    text = f"From {num_bytes:,} bytes on the median stays within 10 % of the reference's: "
    text += f"{reference.map_bytes / num_bytes:.0f} times smaller than that map"
    stores = known_stores(STORES_FILE)
    if name in stores:
        total = stores[name]["total_bytes"]
        text += f", {total / num_bytes:.0f} times smaller than COLMAP with SIFT ({total:,} bytes)"
    own = smallest_within(by_label["neumap"], full)
    if own is None:
        return f"{text}. No size keeps it within 10 % of the full map's of the same key-points."
    return (
        f"{text}. Within 10 % of the full map's of the same key-points it is from {own:,} bytes on."
    )


def measure_set(name: str, options: Options) -> dict[str, object]:
    """All rows of one set."""
    describer = PhotoDescriber(options.cache)
    describe, describe_published = describer.day("blobs"), describer.day("xfeat")
    if name not in known_stores(STORES_FILE):
        measure(options.data / name, STORES_FILE)
    codebook = fit_codebook(name, options.data, describe)
    image_set = read_images(options.data / name)
    rows: dict[tuple[str, int], Row] = {}
    for number, fold in enumerate(folds_of(name, image_set.images, options.query_step)):
        scene = build_scene(fold.mapped, describe, units=image_set.units)
        measure_reference(fold, image_set, describe_published, rows)
        measure_fold(fold, scene, image_set, describe, codebook, rows)
        if number == 0:
            measure_paper(fold, scene, image_set, describe, rows)
        print(name, "fold", number, "done", flush=True)
    return {"units": image_set.units, "curves": [asdict(curve) for curve in curves_of(rows)]}


def known_results() -> dict[str, Any]:  # Any: JSON
    """The committed results; other runs may have added sets since."""
    return json.loads(RESULTS_FILE.read_text()) if RESULTS_FILE.exists() else {"sets": {}}


def main(options: Options) -> None:
    """Measure the sets one after another, then write the page."""
    if not options.draw_only:
        for name in options.sets:
            measured = measure_set(name, options)
            content = known_results()
            content["sets"][name] = measured
            content["command"] = "python -m benchmarks.rate_accuracy --data DATA"
            content["redkitchen_query_step"] = options.query_step
            RESULTS_FILE.write_text(json.dumps(content, indent=1) + "\n")
    draw(known_results())


if __name__ == "__main__":
    main(tyro.cli(Options))
