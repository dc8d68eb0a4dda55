"""Write docs/benchmarks.md from the committed results, so that no number is typed.

python -m benchmarks.tables
"""

import json
from pathlib import Path
from typing import Any

from benchmarks.regime_tables import regimes_section
from benchmarks.table_cells import number, position_errors

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "benchmarks.md"


def _read(name: str) -> dict[str, Any]:  # Any: JSON written by the benchmarks
    return json.loads((RESULTS / name).read_text(encoding="utf-8"))


def accuracy_section() -> str:
    """One table a set."""
    content = _read("accuracy.json")
    parts: list[str] = ["## Accuracy at equal bytes\n"]
    for name, rows in content["sets"].items():
        parts.append(f"### {name}\n")
        parts.append(
            "| map | bytes | median | 75 % | 90 % | rotation, deg | within 5 cm, 5 deg | failures "
            "| inliers | ratio |\n|---|---|---|---|---|---|---|---|---|---|"
        )
        for label, row in rows.items():
            parts.append(
                f"| {label} | {row['map_bytes']:,} | {position_errors(row)} "
                f"| {number(row['median_rotation_error_deg'])} | {row['within_5cm_5deg']:.1%} "
                f"| {row['num_failed']} of {row['num_queries']} | {row['num_inliers_median']} "
                f"| {row['inlier_ratio_median']:.2f} |"
            )
        parts.append("")
    parts.append("Geometric mean over the sets of neumap's 75th percentile over the yardstick's:")
    for budget, ratio in content["p75_over_yardstick"].items():
        parts.append(f"- {budget}: {'not finite' if ratio is None else f'{ratio:.3f}'}")
    return "\n".join(parts) + "\n"


def paper_section() -> str:
    """The paper's decoder, code-only on the same sets."""
    parts = [
        "## The paper's decoder\n",
        "Trained jointly on made scenes, then codes alone for 60 s a set; one fold (every fifth "
        "frame from the third a query; every tenth of redkitchen's queries). No guided pass, which "
        "needs anchors. Older than decisions/009-key-points.md, with XFeat's own key-points and "
        "128 bytes a code. See decisions/002-paper-decoder.md.\n",
        "| set | bytes | median | 75 % | failures |\n|---|---|---|---|---|",
    ]
    for row in _read("paper_decoder.json")["rows"]:
        parts.append(
            f"| {row['set']} | {row['map_bytes']:,} | {number(row['median_position_error'])} "
            f"| {number(row['p75_position_error'])} "
            f"| {row['num_failed']} of {row['num_queries']} |"
        )
    return "\n".join(parts) + "\n"


def speed_section() -> str:
    """Mapping from files, queries from decoded photos."""
    content = _read("speed.json")
    parts = [
        "## Time and memory\n",
        f"{content['cores']} cores ({content['machine']}), no GPU, maps of 28 kB.\n",
    ]
    for name, row in content["sets"].items():
        stages = ", ".join(f"{k} {v:g} s" for k, v in row["mapping_stage_seconds"].items())
        queries = ", ".join(f"{k} {v:g} ms" for k, v in row["query_stage_ms_median"].items())
        parts.append(
            f"- {name}: {row['num_mapped']} photos from files to map in "
            f"{row['mapping_seconds']:g} s ({stages}); a query "
            f"{row['query_ms_median']:g} ms in the median, "
            f"{row['query_ms_p95']:g} ms at 95 % ({queries}); peak memory "
            f"{row['peak_memory_gb']:g} GiB."
        )
    return "\n".join(parts) + "\n"


def page() -> str:
    """Return the whole page."""
    intro = Path(__file__).with_name("page_intro.md").read_text(encoding="utf-8")
    sections = [intro, accuracy_section()]
    if (RESULTS / "regimes.json").exists():
        sections.append(regimes_section(_read("regimes.json")))
    return "\n".join([*sections, paper_section(), speed_section()])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
