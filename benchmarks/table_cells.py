"""Cells that the tables of docs/benchmarks.md share."""

from typing import Any


def number(value: float | None) -> str:
    """Write an error; results have null for an infinite one."""
    return "inf" if value is None else f"{value:.4f}"


def position_errors(row: dict[str, Any]) -> str:  # figures as JSON
    """Write median, 75th and 90th percentile as three cells."""
    return " | ".join(number(row[f"{key}_position_error"]) for key in ("median", "p75", "p90"))
