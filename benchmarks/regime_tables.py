"""The section of docs/benchmarks.md on hard regimes, from benchmarks/results/regimes.json."""

from typing import Any

from benchmarks.table_cells import position_errors

Row = dict[str, Any]  # figures as JSON


def regimes_section(content: dict[str, Any]) -> str:
    """Targets first, then a table a regime with one line for each set and size."""
    steps, seeds = content["redkitchen_query_step"], content["seeds"]
    parts = [
        "## Hard regimes\n",
        "neumap beside the yardstick where plain matching breaks. Night levels 1 to 5 take light "
        "from the queries, add noise, colour cast and blur (benchmarks/night.py). Wide gap: a "
        "contiguous quarter of the path is not mapped, its frames are the queries (quarters in "
        "turn; of redkitchen the second). Wide thin: one mapping photo in four is kept. "
        "Merged: all sets and 100,000 codes of rendered places in one map; its bytes are those "
        "of the whole world.\n",
        "A failure is no pose, or an error above five times the median of the full-precision map "
        "of the set as it is. Right: first matches within 8 px of where the true pose puts their "
        "point, number and share, means over queries. "
        f"redkitchen: every {steps}th query. Folds and quarters of the small sets: the first "
        f"{content['max_folds']}. Mapping seeds: {seeds}, pooled; failures of each in brackets. "
        "Merged: one fold, one seed.\n",
        *_targets(content["targets"]),
    ]
    for regime, sets in content["regimes"].items():
        parts += _regime(regime, sets)
    return "\n".join(parts) + "\n"


def _targets(lines: list[dict[str, Any]]) -> list[str]:
    """What must be shown, what is shown."""
    parts = [
        "### Targets\n",
        "Ratios are neumap's figure over the yardstick's.\n",
        "| regime | map | against | figure | value | bound | met | remark |\n"
        "|---|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        value = "" if line["value"] is None else f"{line['value']:,g}"
        met = {True: "yes", False: "no", None: ""}[line["is_met"]]
        parts.append(
            f"| {line['regime']} | {line['map']} | {line['against']} | {line['figure']} | {value} "
            f"| {line['bound']:,g} | {met} | {line['remark']} |"
        )
    return [*parts, ""]


def _regime(regime: str, sets: dict[str, dict[str, Row]]) -> list[str]:
    """One table."""
    parts = [
        f"### Regime: {regime}\n",
        "| set | map | bytes | median | 75 % | 90 % | failures | inliers | right | right share "
        "|\n|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, rows in sets.items():
        for label, row in rows.items():
            parts.append(
                f"| {name} | {label} | {row['map_bytes']:,} | {position_errors(row)} "
                f"| {row['num_failures']} of {row['num_queries']}{_spread(row)} "
                f"| {row['num_inliers_median']} | {row['first_right_mean']:.0f} "
                f"| {row['first_ratio_mean']:.2f} |"
            )
    return [*parts, ""]


def _spread(row: Row) -> str:
    """Failures of each seed, where there are several."""
    counts = [str(seed["num_failures"]) for seed in row.get("by_seed", ())]
    return f" ({', '.join(counts)})" if counts else ""
