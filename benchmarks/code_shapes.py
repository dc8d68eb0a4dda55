"""What a code may look like at equal bytes, and whether a search among such shapes pays.

A shape is a number of values (the first ones of the decoder's 16) and of levels of each, or a
product quantiser with a codebook of other scenes, its indices coded by their entropy. Each takes as
many of the same ordered points as the budget holds, not fitted. "searched" takes for each map the
shape that is best on mapping photos held out for it: by their median error, or by their right first
matches.

    python -m benchmarks.code_shapes --data ../shared/data --out benchmarks/results/code_shapes.json
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tyro
from jaxtyping import Float32

from benchmarks.dev_options import DevOptions
from benchmarks.methods import trial_header
from benchmarks.rows import Row
from benchmarks.sets import Fold, read_set
from benchmarks.shapes import FIXED, Points, Shape, at_unit_length, shapes_of
from benchmarks.which_codes import error_ratio
from neumap.accuracy_forecast import held_out_views, scene_without
from neumap.anchored_mapping import MIN_CODES, AnchoredMappingConfig, order_points
from neumap.codes.budget_search import largest_fit
from neumap.decoder.weights import load_anchored_decoder
from neumap.features.cache import FeatureCache
from neumap.features.xfeat import XFeatExtractor
from neumap.images import PosedImage
from neumap.scene.build_scene import Describe, build_scene
from neumap.scene.scene import Scene
from neumap.scene_readers import AnchoredReader

CODEBOOK_SETS = ("lund_door", "shelf50", "redkitchen")
_CODEBOOK_POINTS = 6000  # of a set
_NUM_HELD_OUT = 12
_PLAIN = AnchoredMappingConfig(has_code_fit=False)


def rows_of_shapes(
    points: Points,
    shapes: dict[str, Shape],
    queries: Sequence[tuple[PosedImage, Any]],
) -> dict[str, Row]:
    """Localise queries in a map of each shape."""
    rows: dict[str, Row] = {}
    for name, shape in shapes.items():
        made = largest_fit(
            lambda count, shape=shape: shape.codes_of(points, count),
            expected_size=lambda sized: sized.num_bytes,
            size=lambda sized: sized.num_bytes,
            budget_bytes=points.budget_bytes,
            least=MIN_CODES,
            most=len(points.ordered.point_idx),
        )
        rows[name] = Row()
        if made is None:
            rows[name].add_missed(len(queries))
            continue
        rows[name].map_bytes.append(made.num_bytes)
        rows[name].add_queries(AnchoredReader(shape.decoder, made.codes), queries)
    return rows


def searched(
    scene: Scene,
    mapped: Sequence[PosedImage],
    points_of: Callable[[Scene], Points],
    shapes: dict[str, Shape],
) -> dict[str, str]:
    """Return the best shapes on held-out mapping photos; the fixed one where there are too few."""
    held = held_out_views(len(scene.views), _NUM_HELD_OUT)
    if len(held) < 4:
        return {"searched by error": FIXED, "searched by right matches": FIXED}
    by_name = {image.name: image for image in mapped}
    views = [scene.views[index] for index in held]
    queries = [(by_name[view.name], view.features) for view in views]
    rows = rows_of_shapes(points_of(scene_without(scene, held)), shapes, queries)
    return {
        "searched by error": min(rows, key=lambda name: np.median(rows[name].position_error)),
        "searched by right matches": max(rows, key=lambda name: np.mean(rows[name].num_right)),
    }


def measure_fold(
    fold: Fold,
    describe: Describe,
    header: dict[str, Any],
    shapes: dict[str, Shape],
    budgets: Sequence[int],
) -> dict[tuple[str, int], Row]:
    """Return the queries of a fold in all maps, and those of the searches."""
    decoder = shapes[FIXED].decoder
    scene = build_scene(fold.mapped, describe, units=header["units"])
    queries = [(image, describe(image)) for image in fold.queries]
    out: dict[tuple[str, int], Row] = {}
    for budget in budgets:

        def points_of(own: Scene, budget: int = budget) -> Points:
            ordered = order_points(own, decoder, config=_PLAIN, budget_bytes=budget)
            return Points(scene=own, ordered=ordered, header=header, budget_bytes=budget)

        rows = rows_of_shapes(points_of(scene), shapes, queries)
        for rule, chosen in searched(scene, fold.mapped, points_of, shapes).items():
            print(budget, rule, chosen, flush=True)
            rows[rule] = rows[chosen]
        out |= {(name, budget): row for name, row in rows.items()}
    return out


def content_of(folds: Sequence[dict[tuple[str, int], Row]]) -> list[dict[str, Any]]:
    """Pool the folds of a set and return its table."""
    pooled: dict[tuple[str, int], Row] = {}
    for rows in folds:
        for key, row in rows.items():
            own = pooled.setdefault(key, Row())
            for name, values in vars(row).items():
                getattr(own, name).extend(values)
    table: list[dict[str, Any]] = []
    for (name, budget), row in pooled.items():
        other = pooled[FIXED, budget].position_error
        ratio = error_ratio(np.array(row.position_error), np.array(other))
        figures = {**row.summary(), "first_right_mean": round(float(np.mean(row.num_right)), 1)}
        table.append({"shape": name, "budget": budget, **figures, "error_over_fixed": ratio})
    return table


def main(options: DevOptions) -> None:
    """Measure the sets one after another."""
    content: dict[str, Any] = (
        json.loads(options.out.read_text()) if options.out.exists() else {"sets": {}}
    )
    describe = FeatureCache(options.cache, XFeatExtractor()).describe
    decoder, decoder_hash = load_anchored_decoder()
    sets = {
        name: read_set(options.data / name, options.query_step, is_dev=True)
        for name in {*options.sets, *CODEBOOK_SETS}
    }
    unit_values: dict[str, Float32[np.ndarray, "n value"]] = {}
    for name in CODEBOOK_SETS:
        descriptors = build_scene(
            sets[name].folds[0].mapped, describe, units=sets[name].units
        ).points.descriptors
        drawn = np.random.default_rng(0).permutation(len(descriptors))[:_CODEBOOK_POINTS]
        unit_values[name] = at_unit_length(decoder.code_space.project(descriptors[drawn]))
    for name in options.sets:
        bench = sets[name]
        header = trial_header(bench, decoder_hash)
        others = np.concatenate([own for other, own in unit_values.items() if other != name])
        shapes = shapes_of(decoder, others)
        folds: list[dict[tuple[str, int], Row]] = []
        for fold in bench.folds[: options.max_folds]:
            folds.append(measure_fold(fold, describe, header, shapes, options.budgets))
            content["sets"][name] = {"num_folds": len(folds), "rows": content_of(folds)}
            content["decoder"] = decoder_hash
            content["query_step"] = options.query_step
            options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            print(name, "fold", len(folds), "done", flush=True)


if __name__ == "__main__":
    main(tyro.cli(DevOptions))
