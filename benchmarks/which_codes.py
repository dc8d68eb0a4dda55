"""Which points get a code, and with how many bits a value, on the sets that settings are chosen on;
with `--sets` on others, to see what the choices are worth there.

At equal bytes: random points, the most observed ones, greedy coverage, coverage weighted by what
was learned of the points (how exactly they are seen, how often held-out mapping photos match
them), and the last with fitted codes, as `neumap map` makes them. At equal number of codes: 8, 6,
4, 3 and 2 bits a value.

    python -m benchmarks.which_codes --data ../shared/data --out benchmarks/results/which_codes.json
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tyro
from jaxtyping import Float, Int

from benchmarks.dev_options import DevOptions
from benchmarks.methods import trial_header
from benchmarks.rows import Row
from benchmarks.sets import Fold, read_set
from neumap.anchored_mapping import (
    AnchoredMappingConfig,
    OrderedPoints,
    codes_within_budget,
    order_points,
)
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.selection import select_by_coverage
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.decoder.weights import load_anchored_decoder
from neumap.features.cache import FeatureCache
from neumap.features.xfeat import XFeatExtractor
from neumap.images import PosedImage
from neumap.scene.build_scene import Describe, build_scene
from neumap.scene.scene import Scene
from neumap.scene_readers import AnchoredReader

BITS = (8, 6, 4, 3, 2)
COVERAGE, LEARNED = "coverage", "learned, fitted"
_NO_POSE = 5.0
_PLAIN = AnchoredMappingConfig(has_code_fit=False)


def orders_of(
    scene: Scene, ordered: OrderedPoints, *, seed: int
) -> dict[str, Int[np.ndarray, " point"]]:
    """Return the points in the order of each rule; `ordered` has that of the package."""
    count = len(ordered.point_idx)
    is_near = np.isin(np.arange(len(scene.points)), ordered.point_idx)
    if count < ordered.num_near:  # near points that the package had no use for take part too
        is_near = np.ones(len(scene.points), dtype=bool)
    near = np.flatnonzero(is_near)
    observed = near[np.argsort(-scene.points.num_observations()[near], kind="stable")]
    return {
        "random": np.random.default_rng(seed).permutation(near)[:count],
        "most observations": observed[:count],
        COVERAGE: select_by_coverage(scene, count, weight=is_near.astype(np.float64)),
        "learned": ordered.point_idx,
    }


def measure_fold(
    fold: Fold,
    describe: Describe,
    header: dict[str, Any],
    decoder: AnchoredDecoder,
    budgets: Sequence[int],
    rows: dict[tuple[str, int], Row],
) -> None:
    """Add the queries of a fold to the rows of all rules and sizes."""
    scene = build_scene(fold.mapped, describe, units=header["units"])
    queries = [(image, describe(image)) for image in fold.queries]
    add = _adder(rows, queries, decoder)
    space, points = decoder.code_space, scene.points
    for budget in budgets:
        ordered = order_points(scene, decoder, config=_PLAIN, budget_bytes=budget)
        for rule, point_idx in orders_of(scene, ordered, seed=budget).items():
            own = replace(ordered, point_idx=point_idx)
            codes_of = own.codes_of(scene, space, header, budget_bytes=budget)
            codes = own.within(codes_of, space.project(points.descriptors[point_idx]), budget)
            if codes is None:
                rows.setdefault((rule, budget), Row()).add_missed(len(queries))
                continue
            add(rule, budget, codes_of.size(codes), codes)
        fitted = codes_within_budget(
            scene,
            decoder,
            header,
            budget_bytes=budget,
            config=AnchoredMappingConfig(),
            seed=0,
        )
        codes_of = ordered.codes_of(scene, space, header, budget_bytes=budget)
        add(LEARNED, budget, codes_of.size(fitted), fitted)
        values = space.project(points.descriptors[ordered.point_idx])[: len(fitted)]
        for bits in BITS:
            rounded = replace(codes_of, space=space.with_levels(2**bits)).of(values)
            add(f"{bits} bits, equal codes", budget, codes_of.size(rounded), rounded)


def bytes_at_equal_error(
    learned: Sequence[tuple[int, float]], plain: Sequence[tuple[int, float]]
) -> float | None:
    """Bytes that learned codes need for the errors of plain ones, over the bytes of these.

    Points are (bytes, error); errors between sizes lie on straight lines of logarithms. The mean
    of the ratios (of logarithms) over the sizes whose error learned codes reach; None if none.
    """
    known = [(size, error) for size, error in learned if np.isfinite(error)]
    if len(known) < 2:
        return None
    log_bytes = np.log([size for size, _ in known])
    # more bytes count as no worse, so that a line through noise can be looked up
    log_error = np.minimum.accumulate(np.log([error for _, error in known]))
    ratios: list[float] = []
    for size, error in plain:
        if np.isfinite(error) and log_error[-1] <= np.log(error) <= log_error[0]:
            needed = np.interp(-np.log(error), -log_error, log_bytes)
            ratios.append(float(needed - np.log(size)))
    return float(np.exp(np.mean(ratios))) if ratios else None


def error_ratio(
    errors: Float[np.ndarray, " query"], others: Float[np.ndarray, " query"]
) -> dict[str, float]:
    """Geometric mean of the ratios of the same queries' errors, and one standard error of its log.

    A query without a pose counts as five times the largest error.
    """
    known = np.concatenate([errors, others])
    most = _NO_POSE * known[np.isfinite(known)].max()
    logs = np.log(np.minimum(errors, most) / np.minimum(others, most))
    error = float(logs.std() / np.sqrt(len(logs)))
    return {"ratio": round(float(np.exp(logs.mean())), 3), "log_se": round(error, 3)}


def content_of(rows: dict[tuple[str, int], Row]) -> dict[str, Any]:  # Any: JSON
    """Return the figures of a set for the results."""
    table = [
        {"rule": rule, "budget": budget, **row.summary()} for (rule, budget), row in rows.items()
    ]
    curves = {
        rule: sorted(
            (int(np.median(row.map_bytes)), _p75(row))
            for (name, _), row in rows.items()
            if name == rule
        )
        for rule in (COVERAGE, LEARNED)
    }
    ratio = bytes_at_equal_error(curves[LEARNED], curves[COVERAGE])
    fewer, more = (_errors(rows, f"{bits} bits, equal codes") for bits in (4, 8))
    return {
        "error_of_4_bits_over_8": error_ratio(fewer, more),
        "learned_bytes_over_coverage_at_equal_p75": None if ratio is None else round(ratio, 3),
        "rows": table,
    }


def _errors(rows: dict[tuple[str, int], Row], rule: str) -> Float[np.ndarray, " query"]:
    """Position errors of a rule at all sizes, one after another."""
    return np.concatenate(
        [np.array(row.position_error) for (name, _), row in rows.items() if name == rule]
    )


def _p75(row: Row) -> float:
    errors: Float[np.ndarray, " query"] = np.array(row.position_error)
    return float(np.percentile(errors, 75, method="higher"))


def _adder(
    rows: dict[tuple[str, int], Row],
    queries: Sequence[tuple[PosedImage, Any]],
    decoder: AnchoredDecoder,
) -> Callable[[str, int, int, AnchoredCodes], None]:
    def add(rule: str, budget: int, num_bytes: int, codes: AnchoredCodes) -> None:
        row = rows.setdefault((rule, budget), Row())
        row.map_bytes.append(num_bytes)
        row.add_queries(AnchoredReader(decoder, codes), queries)

    return add


def main(options: DevOptions) -> None:
    """Measure the sets one after another."""
    content: dict[str, Any] = (
        json.loads(options.out.read_text()) if options.out.exists() else {"sets": {}}
    )
    extractor = XFeatExtractor()
    describe = FeatureCache(options.cache, extractor).describe
    decoder, decoder_hash = load_anchored_decoder()
    for name in options.sets:
        bench = read_set(options.data / name, options.query_step, is_dev=True)
        header = trial_header(bench, decoder_hash)
        rows: dict[tuple[str, int], Row] = {}
        for number, fold in enumerate(bench.folds[: options.max_folds]):
            measure_fold(fold, describe, header, decoder, options.budgets, rows)
            content["sets"][name] = {"num_folds": number + 1, **content_of(rows)}
            content["decoder"] = decoder_hash
            content["query_step"] = options.query_step
            options.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            print(name, "fold", number, "done", flush=True)


if __name__ == "__main__":
    main(tyro.cli(DevOptions))
