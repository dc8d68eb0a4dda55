"""Sentences that say where neumap's map is not the best at equal bytes, and by how much."""

import math
from collections.abc import Sequence

from neumap.evaluation.benchmark_row import BenchmarkRow
from neumap.evaluation.equal_bytes import (
    FAILED,
    OWN_METHOD,
    POSITION,
    ROTATION,
    Behind,
    contests,
    where_behind,
)
from neumap.evaluation.page import error_text, size_text, threshold_text


def behind_sentences(rows: Sequence[BenchmarkRow]) -> list[str]:
    """Return one sentence for each scene and budget in which another map is better.

    The first sentence counts: in how many comparisons neumap's map is the best or shares the best
    figure, and how many of the differences are beyond chance. Empty where neumap was not compared
    with anything at equal bytes.
    """
    held = [c for c in contests(rows) if any(row.method == OWN_METHOD for row in c.rows)]
    if not held:
        return []
    found = where_behind(rows)
    lost = {(entry.scene, entry.budget_bytes) for entry in found}
    lost_position = {(e.scene, e.budget_bytes) for e in found if e.figure == POSITION}
    first = (
        f"At equal bytes neumap's map has the smallest median position error in "
        f"{len(held) - len(lost_position)} of {len(held)} comparisons and is the best in every "
        f"figure in {len(held) - len(lost)}."
    )
    if any(entry.gap is not None for entry in found):
        first += (
            f" Of the {len(found)} figures below, {sum(entry.is_decided for entry in found)} are "
            "worse beyond chance: their 95 % interval, in brackets, leaves equality out (paired "
            "bootstrap over queries and seeds)."
        )
    words = _recall_words(rows)
    sentences = [first]
    for scene, budget in dict.fromkeys((entry.scene, entry.budget_bytes) for entry in found):
        entries = [e for e in found if (e.scene, e.budget_bytes) == (scene, budget)]
        said = "; ".join(_said(entry, words) for entry in entries)
        sentences.append(f"{scene}, at most {size_text(budget)}: {said}.")
    return sentences


def _said(entry: Behind, recall_words: dict[str, str]) -> str:
    whose = " and ".join(entry.best_methods)
    if entry.figure in (POSITION, ROTATION):
        own, best = (
            "infinite" if math.isinf(value) else error_text(value)
            for value in (entry.own, entry.best)
        )
        more = ""
        if math.isfinite(entry.own) and entry.best > 0:
            more = f", {100 * (entry.own / entry.best - 1):.0f} % more"
        degrees = "°" if entry.figure == ROTATION else ""
        gap = _gap_words(entry)
        return f"{entry.figure} {own}{degrees} against {best}{degrees} ({whose}){more}{gap}"
    points = 100 * abs(entry.own - entry.best)
    own, best = f"{100 * entry.own:.1f} %", f"{100 * entry.best:.1f} %"
    if entry.figure == FAILED:
        return f"{own} failed against {best} ({whose}), {points:.1f} points more{_gap_words(entry)}"
    what = recall_words[entry.figure]
    return f"{what}: {own} against {best} ({whose}), {points:.1f} points less{_gap_words(entry)}"


def _gap_words(entry: Behind) -> str:
    """Write the interval of a difference, in percent of the best error or in points."""
    if entry.gap is None:
        return ""
    is_ratio = entry.figure in (POSITION, ROTATION)
    ends = (100 * (end - 1 if is_ratio else end) for end in (entry.gap.low, entry.gap.high))
    low, high = (f"{end:+.0f}" if is_ratio else f"{end:+.1f}" for end in ends)
    return f" [{low} to {high}{' %' if is_ratio else ''}]"


def _recall_words(rows: Sequence[BenchmarkRow]) -> dict[str, str]:
    return {
        f"recall {recall.label}": f"within {threshold_text(recall)}"
        for row in rows
        for recall in row.summary.recalls
    }
