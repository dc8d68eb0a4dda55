import re
import xml.etree.ElementTree as ET

import pytest

from neumap.evaluation.rate_accuracy import (
    RateCurve,
    RatePoint,
    rate_svg,
    rate_table,
    smallest_within,
)


def point(map_bytes, median, *, recall=0.9):
    return RatePoint(
        map_bytes=map_bytes,
        median_position_error=median,
        p75_position_error=None if median is None else 2 * median,
        recall=recall,
        num_failed=1,
        num_queries=10,
    )


CURVE = RateCurve(
    label="own",
    points=(point(1000, None), point(2000, 0.03), point(4000, 0.011), point(8000, 0.01)),
)
FULL = point(1_000_000, 0.01)


def test_the_smallest_map_within_a_tenth_of_the_reference():
    assert smallest_within(CURVE, FULL) == 4000
    assert smallest_within(CURVE, FULL, factor=1.0) == 8000
    assert smallest_within(CURVE, FULL, factor=3.0) == 2000


def test_a_lucky_small_map_does_not_count_where_a_larger_one_is_worse():
    lucky = RateCurve(label="own", points=(point(1000, 0.01), point(2000, 0.03), point(3000, 0.01)))
    assert smallest_within(lucky, FULL) == 3000


def test_none_where_the_largest_map_is_worse_or_the_reference_has_no_median():
    assert smallest_within(CURVE, point(9, 0.001)) is None
    assert smallest_within(CURVE, point(9, None)) is None


def test_the_table_has_a_row_a_map_and_inf_where_half_have_no_pose():
    table = rate_table([CURVE], unit="m", recall_name="5 cm")
    rows = table.splitlines()
    assert len(rows) == 2 + len(CURVE.points)
    assert rows[2] == "| own | 1,000 | inf | inf | 90% | 1 of 10 |"
    assert rows[5] == "| own | 8,000 | 0.0100 | 0.0200 | 90% | 1 of 10 |"


def test_a_recall_that_was_not_measured_stays_empty():
    curve = RateCurve(label="paper", points=(point(10, 0.1, recall=None),))
    assert "|  | 1 of 10 |" in rate_table([curve], unit="m", recall_name="5 cm")
    rate_svg([curve], unit="m", recall_name="5 cm", name="one")


def test_the_picture_is_one_svg_that_names_every_curve():
    other = RateCurve(label="other", points=(FULL,))
    text = rate_svg([CURVE, other], unit="m", recall_name="5 cm", name="fox")
    assert ET.fromstring(text).tag.endswith("svg")
    for word in ("own", "other", "bytes of the map", "median position error (m)"):
        assert word in text
    assert text == rate_svg([CURVE, other], unit="m", recall_name="5 cm", name="fox")


def crosses(*points):
    text = rate_svg([RateCurve(label="l", points=points)], unit="m", recall_name="5 cm", name="one")
    return len(re.findall(r"<use [^>]*stroke-width: 2[;\"]", text))


def test_a_map_with_an_infinite_median_is_a_cross_and_not_left_out():
    assert crosses(point(1000, 0.2), point(2000, 0.1)) == 0
    assert crosses(point(1000, None), point(2000, 0.1)) == 1
    assert crosses(point(1000, None), point(2000, None)) == 2


def test_curves_keep_the_colours_they_are_given():
    text = rate_svg([CURVE], unit="m", recall_name="r", name="o", colors={"own": "#123456"})
    assert "#123456" in text


@pytest.mark.parametrize("points", [(), (point(2000, 0.1), point(1000, 0.1))])
def test_a_curve_without_points_or_out_of_order_is_refused(points):
    with pytest.raises(ValueError, match="own"):
        RateCurve(label="own", points=points)
