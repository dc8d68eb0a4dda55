"""Write the figures of docs/town.md from the committed result, so that no number is typed.

python -m benchmarks.town_page
"""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "town.json"
PAGE = ROOT / "docs" / "town.md"
_HEADING = "## Figures\n"

_ROWS = {
    "neumap": "neumap: the places that key-points vote for",
    "all_codes": "neumap: all codes",
    "retrieved_voxels": "neumap: the voxels that the ten most alike photos see",
    "yardstick": "yardstick",
}
Figures = dict[str, Any]  # JSON written by the benchmark


def page(text: str, result: Figures) -> str:
    """Return the page with the figures of a result in place of those that it has."""
    start = text.index(_HEADING)
    return text[:start] + figures_section(result)


def figures_section(result: Figures) -> str:
    """Return the heading, the size of the town, and two tables for each pass."""
    parts = [
        _HEADING,
        f"`{result['command']}`\n",
        f"{result['num_mapped']:,} mapped photos show {result['num_points']:,} points in "
        f"{result['num_voxels']:,} voxels of {result['voxel_side_m']:g} m; a mapped photo sees "
        f"{result['voxels_seen_by_a_mapped_photo_median']:g} of them in the median. The map has "
        f"{result['num_codes']:,} codes in {result['map_bytes']:,} bytes, the yardstick takes "
        f"{result['yardstick_bytes']:,} bytes. Retrieval needs descriptors of the mapped photos "
        f"besides: {result['retrieval_index_bytes']:,} bytes in float32, which no other row "
        "needs.\n",
    ]
    for name in ("day", "night"):
        parts += [_pass_table(name, result[name]), _voxel_list(result[name])]
    return "\n".join(parts)


def _pass_table(name: str, part: Figures) -> str:
    asked = part["queries"]
    lines = [
        f"### By {name}\n",
        f"{asked['asked']} of {asked['rendered']} queries: {asked['why']}.\n",
        "| first matches among | failed | wrong | within .25 m, 2 deg | .5 m, 5 deg | 5 m, 10 deg "
        "| median m | median deg | voxels read | codes read | of the right voxel's codes |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for key, label in _ROWS.items():
        row = part[key]
        recall = " | ".join(f"{share:.1%}" for share in row["recall"].values())
        read = row.get("read")
        activated = " | ".join(
            ("", "", "")
            if read is None
            else (
                f"{read['voxels_read_median']:g}",
                f"{read['codes_read_median']:,g}",
                _share(read["right_voxel_codes_read_mean"]),
            )
        )
        lines.append(
            f"| {label} | {row['num_failed']} | {row['num_wrong']} | {recall} "
            f"| {_number(row['median_position_error_m'], 3)} "
            f"| {_number(row['median_rotation_error_deg'], 2)} | {activated} |"
        )
    return "\n".join(lines) + "\n"


def _voxel_list(part: Figures) -> str:
    found = part["activation"]
    return "\n".join(
        [
            f"- A query shows {found['voxels_seen_median']:g} voxels in the median; "
            f"{found['queries_that_show_a_voxel']} show one at least.",
            "- The voxel that it shows most of is among the first "
            f"{_list(found['right_voxel_first'])} by votes of key-points.",
            "- One of the first mapped photos by retrieval sees it: "
            f"{_list(found['right_voxel_seen_by_first_photos'])}.",
            f"- The first ten see {found['voxels_retrieved_median']:g} voxels in the median, among "
            f"them {_share(found['seen_among_retrieved_mean'])} of the voxels that the query "
            "shows.\n",
        ]
    )


def _list(shares: dict[str, float | None]) -> str:
    return ", ".join(f"{first}: {_share(share)}" for first, share in shares.items())


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"


def _number(value: float | None, places: int) -> str:
    """Write a median; results have null where half of the queries failed."""
    return "inf" if value is None else f"{value:.{places}f}"


if __name__ == "__main__":
    content = json.loads(RESULT.read_text(encoding="utf-8"))
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), content), encoding="utf-8")
