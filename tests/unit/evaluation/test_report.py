import re
from dataclasses import replace

import pytest

from neumap.errors import DataError
from neumap.evaluation import (
    SceneEvidence,
    SceneReport,
    predict,
    render_report,
    score,
    summarise,
)
from neumap.evaluation.report import MAX_WORST
from neumap.evaluation.scene_evidence import MAX_BEST
from neumap.evaluation.score import median_scene_depth
from neumap.evaluation.trajectory_error import trajectory_error
from page_checker import check_page


def _scene(capture, names, true_poses, localizer, *, scene="room") -> SceneReport:
    predictions = predict(localizer, capture, names)
    summary = summarise(
        score(predictions, true_poses),
        scene=scene,
        units=capture.units,
        median_depth=median_scene_depth(predictions, true_poses),
        trajectory=trajectory_error(predictions, true_poses, units=capture.units),
        map_bytes=28_000,
    )
    return SceneReport(f"the {scene}", summary, SceneEvidence(predictions, capture))


@pytest.fixture(scope="module")
def single(capture, names, true_poses, make_localizer) -> str:
    localizer = make_localizer(failing=names[:1], unreadable=names[1:2], offset={names[4]: 0.6})
    return render_report("a <b>map</b>", [_scene(capture, names, true_poses, localizer)])


@pytest.fixture(scope="module")
def several(capture, names, true_poses, make_localizer) -> str:
    room = _scene(capture, names, true_poses, make_localizer(failing=names[:1]))
    unknown = replace(capture, units="unknown")
    hall = _scene(unknown, names, true_poses, make_localizer(), scene="_<hall>$")
    return render_report("two scenes", [room, hall])


@pytest.fixture(params=["single", "several"])
def page(request) -> str:
    return request.getfixturevalue(request.param)


def test_the_page_is_sound_html_that_needs_no_other_file(page):
    check_page(page)


def test_every_query_failed_reasons_and_the_title_stand_in_the_page_escaped(single, names):
    assert all(name in single for name in names)
    assert "too few points of the map were found" in single
    assert "is not an image" in single
    assert "a &lt;b&gt;map&lt;/b&gt;" in single


def _pictured(page: str, heading: str) -> list[str]:
    part = page.split(f">{heading}</h3>")[1].split("<h3")[0]
    return re.findall(r'alt="([^"]+)"', part)


def test_the_worst_queries_are_pictured_in_four_ways(single, names):
    pictured = _pictured(single, "Worst")
    assert f"{names[0]}: no pose" in pictured  # failed: its photo alone
    for view in ("residuals", "confidence", "depth, ", "coordinates"):
        assert any(alt.startswith(f"{names[4]}: {view}") for alt in pictured)  # furthest off
    assert len({alt.split(":")[0] for alt in pictured}) == MAX_WORST


def test_the_best_queries_are_pictured_and_are_not_among_the_worst(single):
    best = {alt.split(":")[0] for alt in _pictured(single, "Best")}
    worst = {alt.split(":")[0] for alt in _pictured(single, "Worst")}
    assert len(best) == MAX_BEST
    assert not best & worst


def test_several_scenes_have_a_common_table_with_links_and_a_part_each(several):
    for number, title in ((1, "the room"), (2, "the _&lt;hall&gt;$")):
        assert f'href="#scene-{number}"' in several
        assert f'id="scene-{number}">{title}</h2>' in several
    table = several.split(">All scenes</h2>")[1].split("</table>")[0]
    rows = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in table.split("<tr")[2:]]
    assert [row[1] for row in rows] == ["10", "10", "20"]
    assert [row[2] for row in rows] == ["1", "0", "1"]
    assert "all scenes, pooled" in rows[2][0]
    assert "median depth" in table or "median depth" in several.split(">All scenes</h2>")[1]


def test_the_legend_of_the_common_curves_names_every_scene(several):
    curves = several.split(">Share of the queries below an error</h2>")[1].split("</svg>")[0]
    assert "room" in curves
    assert "_&lt;hall&gt;$" in curves


def test_a_scene_of_unknown_unit_says_that_its_trajectory_was_aligned(several):
    room, hall = several.split('<h2 class="scene"')[1:]
    assert "after a similarity fit (the unit is not known)" in hall
    assert "% of the median depth" in hall
    assert "similarity" not in room


def test_scenes_without_evidence_have_figures_and_curves_alone(
    capture, names, true_poses, make_localizer
):
    scene = _scene(capture, names, true_poses, make_localizer())
    page = render_report("figures", [replace(scene, evidence=None)])
    assert "<img" not in page
    assert "<svg" in page
    assert "The map from above" not in page


def test_the_same_scene_twice_is_refused(capture, names, true_poses, make_localizer):
    scene = _scene(capture, names, true_poses, make_localizer())
    with pytest.raises(DataError, match="room: stands in 2 evaluations"):
        render_report("twice", [scene, scene])


def test_the_same_inputs_give_the_same_page(capture, names, true_poses, make_localizer):
    few = {name: true_poses[name] for name in names[:3]}
    scene = _scene(capture, names[:3], few, make_localizer())
    assert render_report("page", [scene]) == render_report("page", [scene])


def test_a_report_of_nothing_but_failures_is_made(capture, names, true_poses, make_localizer):
    unknown = replace(capture, units="unknown")
    scene = _scene(unknown, names, true_poses, make_localizer(failing=names))
    assert "0 localised" in render_report("page", [scene])
    assert "failed" in render_report(
        "page", [scene, replace(scene, summary=replace(scene.summary, scene="other"))]
    )
