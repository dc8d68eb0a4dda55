import math
import xml.etree.ElementTree as ET

import numpy as np

from benchmark_rows import made_row
from neumap.evaluation.curve_panels import MAX_STEPS, CurveAxes, ErrorCurve, panels_svg
from neumap.evaluation.error_curve import method_curves_svg
from neumap.evaluation.inline_svg import colors_by_label

AXES = CurveAxes(position_label="position error (m)", positions=(0.05,), rotations_deg=(5.0,))


def curve(label, errors, **options):
    return ErrorCurve(
        label=label,
        position_errors=tuple(errors),
        rotation_errors_deg=tuple(errors),
        color="#ff0000",
        **options,
    )


def svg_of(panels, alt="curves") -> str:
    text = panels_svg(panels, AXES, name="p", alt=alt)
    assert ET.fromstring(text).tag.endswith("svg")
    return text


def _width_and_height(text):
    _, _, width, height = map(float, ET.fromstring(text).attrib["viewBox"].split())
    return width, height


def test_the_picture_says_what_it_shows_and_holds_no_metadata():
    text = svg_of({"": [curve("own", [0.1, 0.2])]}, alt='a "b" <c>')
    assert ET.fromstring(text).attrib["aria-label"] == 'a "b" <c>'
    assert "<metadata" not in text
    assert "http://purl" not in text


def test_one_column_is_flat_and_several_have_two_rows_with_their_titles():
    one = [curve("own", [0.1]), curve("_other$", [0.2])]
    flat = svg_of({"": one})
    grid = svg_of({"at most 2 kB": one, "at most 4 kB": one, "at most 8 kB": one})
    assert _width_and_height(grid)[0] == _width_and_height(flat)[0]
    assert _width_and_height(grid)[1] > 1.4 * _width_and_height(flat)[1]
    for text in ("at most 2 kB", "at most 8 kB", "_other$", "own"):
        assert text in grid


def test_many_queries_are_drawn_in_few_steps():
    errors = np.random.default_rng(0).uniform(0.01, 1, 20_000)
    few, many = (svg_of({"": [curve("own", errors[:count])]}) for count in (MAX_STEPS, 20_000))
    assert len(many) < 1.3 * len(few)


def test_curves_of_nothing_but_failures_and_of_exact_poses_are_drawn():
    text = svg_of({"": [curve("failed", [math.inf, math.inf]), curve("exact", [0.0, 0.0])]})
    assert "failed" in text
    assert "exact" in text
    assert "nan" not in text.lower()


def test_maps_without_a_budget_stand_in_every_column_and_alone_where_no_map_has_one():
    rows = [
        made_row("neumap", 2000, [0.1]),
        made_row("neumap", 4000, [0.1]),
        made_row("sift", None, [0.1]),
    ]
    colors = colors_by_label([row.method for row in rows])
    text = method_curves_svg(rows, colors, unit="m", name="c")
    assert "at most 2.0 kB" in text
    assert "at most 4.0 kB" in text
    # one dashed line a plot, and one in the legend
    dashed = text.count(f"stroke-dasharray: 10,4; stroke-dashoffset: 0; stroke: {colors['sift']}")
    assert dashed == 2 * 2 + 1
    alone = method_curves_svg(rows[2:], colors, unit="m", name="c")
    assert "at most" not in alone
