"""The figures of all regimes: joined from runs, written as JSON, printed."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.regime_targets import target_lines
from benchmarks.rows import Row

FAILURE_FACTOR = 5.0


class RegimeResults:
    """Figures by regime, set and row, and each set's full-precision median."""

    def __init__(self) -> None:
        self.regimes: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}  # figures are JSON
        self.full_precision_median: dict[str, float] = {}

    @classmethod
    def read(cls, paths: Iterable[Path]) -> "RegimeResults":
        """Join the rows of earlier runs; later ones replace equal rows."""
        results = cls()
        for path in paths:
            content = json.loads(path.read_text(encoding="utf-8"))
            results.full_precision_median.update(content["full_precision_median"])
            for regime, sets in content["regimes"].items():
                for set_name, rows in sets.items():
                    results._rows(regime, set_name).update(rows)
        return results

    def add(
        self,
        set_name: str,
        rows: Mapping[str, Mapping[str, Row]],
        *,
        full_precision_median: float | None = None,
    ) -> None:
        """Take the rows of one set, by regime and label.

        The median that says what a failure is comes from the run of the set as it is; where
        none is known yet, from this run.
        """
        if full_precision_median is not None and (
            "easy" in rows or set_name not in self.full_precision_median
        ):
            self.full_precision_median[set_name] = full_precision_median
        limit = FAILURE_FACTOR * self.full_precision_median[set_name]
        for regime, by_label in rows.items():
            own = self._rows(regime, set_name)
            for label, row in by_label.items():
                own[label] = {**row.summary(), **row.failures(limit)}

    def write(self, path: Path, facts: Mapping[str, object]) -> None:
        """Write everything that is known so far, after `facts` of the run."""
        content = {
            **facts,
            "failure": f"no pose, or above {FAILURE_FACTOR:g} times full_precision_median",
            "full_precision_median": self.full_precision_median,
            "targets": target_lines(self.regimes),
            "regimes": self.regimes,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def print(self) -> None:
        """Print the rows and the targets."""
        for regime, sets in self.regimes.items():
            for set_name, rows in sets.items():
                print(f"\n{regime}, {set_name}")
                for label, row in rows.items():
                    errors = ", ".join(
                        f"{key} {row[f'{key}_position_error']}" for key in ("median", "p75", "p90")
                    )
                    print(
                        f"  {label:20s} {row['map_bytes']:>9} B  {errors}; failures "
                        f"{row['num_failures']} of {row['num_queries']} ({row['num_failed']} "
                        f"without pose); inliers {row['num_inliers_median']}; first matches right "
                        f"{row['first_right_mean']}, share {row['first_ratio_mean']}"
                    )
        print()
        for line in target_lines(self.regimes):
            print(line)

    def _rows(self, regime: str, set_name: str) -> dict[str, dict[str, Any]]:
        return self.regimes.setdefault(regime, {}).setdefault(set_name, {})
