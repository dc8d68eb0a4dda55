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


def _yardstick_blobs() -> Method:
    from neumap.baselines.nearest_methods import YardstickMethod

    return YardstickMethod("blobs")


def _full_precision_blobs() -> Method:
    from neumap.baselines.nearest_methods import FullPrecisionMethod

    return FullPrecisionMethod("blobs")


def _sift() -> Method:
    from neumap.baselines.pair_methods import SiftMethod

    return SiftMethod()


def _xfeat_pairs() -> Method:
    from neumap.baselines.pair_methods import XFeatPairsMethod

    return XFeatPairsMethod()


def _lightglue() -> Method:
    from neumap.baselines.pair_methods import LightGlueMethod

    return LightGlueMethod()


def _coordinate_head() -> Method:
    from neumap.baselines.coordinate_head_method import CoordinateHeadMethod

    return CoordinateHeadMethod()


METHODS: dict[str, Callable[[], Method]] = {
    "neumap": _neumap,
    "yardstick": _yardstick,
    "yardstick-blobs": _yardstick_blobs,
    "full-precision": _full_precision,
    "full-precision-blobs": _full_precision_blobs,
    "sift": _sift,
    "xfeat-pairs": _xfeat_pairs,
    "lightglue": _lightglue,
    "coordinate-head": _coordinate_head,
}
"""Makers of the methods; the order is that of tables."""
