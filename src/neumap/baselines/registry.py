"""All compared methods by name; each is imported when it is asked for."""

from collections.abc import Callable

from neumap.baselines.method import Method


def _neumap() -> Method:
    from neumap.baselines.own_map import NeumapMethod

    return NeumapMethod()


def _yardstick() -> Method:
    from neumap.baselines.nearest_methods import YardstickMethod

    return YardstickMethod()


def _full_precision() -> Method:
    from neumap.baselines.nearest_methods import FullPrecisionMethod

    return FullPrecisionMethod()


METHODS: dict[str, Callable[[], Method]] = {
    "neumap": _neumap,
    "yardstick": _yardstick,
    "full-precision": _full_precision,
}
"""Makers of the methods; the order is that of tables."""
