"""One self-contained HTML page about a benchmark: methods, budgets and scenes in one table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from neumap.errors import DataError
from neumap.evaluation.behind_words import behind_sentences
from neumap.evaluation.benchmark_row import BenchmarkRow as BenchmarkRow
from neumap.evaluation.benchmark_table import (
    TableRow,
    in_table_order,
    recall_head,
    recall_heads,
    table_rows,
)
from neumap.evaluation.equal_bytes import OWN_METHOD, main_recall
from neumap.evaluation.error_curve import method_curves_svg
from neumap.evaluation.further_figures import FurtherFigures, further_figures
from neumap.evaluation.inline_svg import colors_by_label
from neumap.evaluation.page import error_text, page_template, size_text
from neumap.evaluation.pooled_rows import ALL_SCENES, pool_scenes
from neumap.evaluation.query_picture import MAX_RESIDUAL_PX
from neumap.evaluation.rate_accuracy import RateCurve, RatePoint, rate_svg
from neumap.evaluation.scene_evidence import (
    PicturedQuery,
    evidence_map_svg,
    pictured_queries,
    worst_and_best,
)

MAX_WORST = 3
PICTURE_PX = 380
"""Smaller than in the report of one scene: six scenes fit in 6 MB."""


_METRES = ("m", "metres")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """One scene, or all of them pooled."""

    title: str
    anchor: str
    unit: str
    lengths: str
    """What positions are measured in, as a sentence says it."""
    num_queries: int
    recall_heads: tuple[str, ...]
    table: tuple[TableRow, ...]
    rates: str
    curves: str
    further: FurtherFigures
    pictures: "_Pictures | None"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pictures:
    """What is shown of one map."""

    whose: str
    above: str
    worst: tuple[PicturedQuery, ...]
    best: tuple[PicturedQuery, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Group:
    title: str
    unit: str
    lengths: str
    rows: list[BenchmarkRow]


def render_benchmark_report(title: str, rows: Sequence[BenchmarkRow]) -> str:
    """Return the page's HTML; pictures and curves are inside it.

    Two or more scenes are also pooled: one row for each method and budget that every scene has.
    Pictures of a scene are those of neumap's largest map that has evidence, else of the first row
    that has. Raises DataError where there is no row.
    """
    if not rows:
        raise DataError("benchmark", "has no row to report", "Run at least one method.")
    ordered = in_table_order(rows)
    groups = _groups(ordered)
    methods = list(dict.fromkeys(row.method for row in ordered))
    colors = colors_by_label([OWN_METHOD, *methods])
    return page_template("benchmark_report.html.j2").render(
        title=title,
        scenes=[_part(group, colors, number=number) for number, group in enumerate(groups)],
        num_scenes=len({row.scene for row in rows}),
        methods=methods,
        behind=behind_sentences([row for group in groups for row in group.rows]),
        max_residual_px=MAX_RESIDUAL_PX,
    )


def _groups(rows: Sequence[BenchmarkRow]) -> list[_Group]:
    """Return the scenes, led by all of them pooled where there are several."""
    scenes = list(dict.fromkeys(row.scene for row in rows))
    groups: list[_Group] = []
    if len(scenes) > 1 and (pooled := pool_scenes(rows)).rows:
        unit, lengths = _METRES
        if pooled.is_relative:
            unit, lengths = "share of depth", "fractions of each scene's median depth"
        whole = _Group(title=ALL_SCENES, unit=unit, lengths=lengths, rows=list(pooled.rows))
        groups.append(whole)
    for scene in scenes:
        of_scene = [row for row in rows if row.scene == scene]
        unit, lengths = _METRES
        if of_scene[0].summary.units != "metre":
            unit, lengths = "scene units", "the unit of the given poses, which is not known"
        groups.append(_Group(title=scene, unit=unit, lengths=lengths, rows=of_scene))
    return groups


def _part(group: _Group, colors: dict[str, str], *, number: int) -> _Part:
    rows, unit = group.rows, group.unit
    rates = _rate_curves(rows)
    return _Part(
        title=group.title,
        anchor=f"part-{number}",
        unit=unit,
        lengths=group.lengths,
        num_queries=max(row.summary.num_queries for row in rows),
        recall_heads=recall_heads(rows),
        table=table_rows(rows),
        rates=rate_svg(
            rates,
            unit=unit,
            recall_name=recall_head(main_recall(rows[0])),
            name=f"rates{number}",
            colors=colors,
        )
        if rates
        else "",
        curves=method_curves_svg(rows, colors, unit=unit, name=f"curves{number}"),
        further=further_figures(rows, own_method=OWN_METHOD),
        pictures=_pictures(rows, unit=unit, name=f"above{number}"),
    )


def _rate_curves(rows: Sequence[BenchmarkRow]) -> list[RateCurve]:
    by_method: dict[str, list[RatePoint]] = {}
    for row in rows:
        if row.map_bytes == 0:  # no fold gave a map: it has no place on an axis of bytes
            continue
        summary = row.summary
        median, p75 = (
            error if math.isfinite(error) else None
            for error in (summary.position_percentiles[50], summary.position_percentiles[75])
        )
        by_method.setdefault(row.method, []).append(
            RatePoint(
                map_bytes=row.map_bytes,
                median_position_error=median,
                p75_position_error=p75,
                recall=main_recall(row).share,
                num_failed=summary.num_failed,
                num_queries=summary.num_queries,
            )
        )
    return [
        RateCurve(label=method, points=tuple(sorted(points, key=lambda p: p.map_bytes)))
        for method, points in by_method.items()
    ]


def _pictures(rows: Sequence[BenchmarkRow], *, unit: str, name: str) -> _Pictures | None:
    shown = [row for row in rows if row.evidence is not None]
    # rows come in the order of their budgets
    own = [row for row in shown if row.method == OWN_METHOD]
    chosen = own[-1] if own else next(iter(shown), None)
    if chosen is None or chosen.evidence is None:
        return None
    evidence = chosen.evidence
    drawn = {prediction.name for prediction in evidence.predictions}
    scores = [query for query in chosen.summary.scores if query.name in drawn]
    notes = _others_errors(rows, chosen)
    worst, best = (
        pictured_queries(chosen.summary, evidence, queries, longest_px=PICTURE_PX, notes=notes)
        for queries in worst_and_best(scores, max_worst=MAX_WORST)
    )
    return _Pictures(
        whose=f"{chosen.method}, {size_text(chosen.map_bytes)}",
        above=evidence_map_svg(evidence, unit=unit, name=name),
        worst=tuple(worst),
        best=tuple(best),
    )


def _others_errors(rows: Sequence[BenchmarkRow], chosen: BenchmarkRow) -> dict[str, str]:
    """Return by query what the other methods made of it, at the same budget or without one."""
    said: dict[str, list[str]] = {}
    for row in rows:
        if row is not chosen and row.budget_bytes in (chosen.budget_bytes, None):
            for query in row.summary.scores:
                said.setdefault(query.name, []).append(
                    f"{row.method} {error_text(query.position_error)}"
                )
    return {name: f"Others: {', '.join(errors)}." for name, errors in said.items()}
