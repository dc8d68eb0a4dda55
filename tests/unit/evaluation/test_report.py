import re
from dataclasses import replace
from html.parser import HTMLParser

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
from neumap.evaluation.report import MAX_BEST, MAX_WORST
from neumap.evaluation.score import median_scene_depth
from neumap.evaluation.trajectory_error import trajectory_error

VOID = {"meta", "img", "br", "link", "input", "hr"}


class _Checker(HTMLParser):
    """Collects ids, addresses and unbalanced elements."""

    def __init__(self):
        super().__init__()
        self.stack, self.ids, self.addresses, self.unbalanced = [], [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.stack.append(tag)
        for key, value in attrs:
            if key == "id":
                self.ids.append(value)
            if key in ("src", "href", "xlink:href"):
                self.addresses.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.unbalanced.append(tag)


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


def test_the_page_is_balanced_html_with_unique_ids(page):
    checker = _Checker()
    checker.feed(page)
    assert checker.unbalanced == []
    assert checker.stack == []
    assert len(set(checker.ids)) == len(checker.ids)


def test_the_page_needs_no_network_and_no_other_file(page):
    checker = _Checker()
    checker.feed(page)
    assert checker.addresses
    assert all(address.startswith(("data:image/", "#")) for address in checker.addresses)
    assert "url(http" not in page
    assert "<script" not in page


def test_references_inside_the_pictures_all_lead_somewhere(page):
    checker = _Checker()
    checker.feed(page)
    targets = set(re.findall(r"url\(#([^)]+)\)", page))
    targets |= {address[1:] for address in checker.addresses if address.startswith("#")}
    assert targets
    assert targets <= set(checker.ids)


def test_every_query_failed_reasons_and_the_title_stand_in_the_page_escaped(single, names):
    assert all(name in single for name in names)
    assert "too few points of the map were found" in single
    assert "is not an image" in single
    assert "a &lt;b&gt;map&lt;/b&gt;" in single


def _pictured(page: str, heading: str) -> list[str]:
    part = page.split(f"<h4>{heading}</h4>")[1].split("<h4>")[0]
    return re.findall(r'alt="([^"]+)"', part)


def test_the_worst_queries_are_pictured_with_residuals_confidence_and_depth(single, names):
    pictured = _pictured(single, "Worst")
    assert f"{names[0]}: no pose" in pictured  # failed: its photo alone
    for view in ("residuals", "confidence", "depth, "):
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
    table = several.split("<h3>All scenes</h3>")[1].split("</table>")[0]
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in table.split("<tr")[2:]]
    assert [row[1] for row in rows] == ["10", "10", "20"]
    assert [row[2] for row in rows] == ["1", "0", "1"]
    assert "all scenes, pooled" in rows[2][0]
    assert "median depth" in table or "median depth" in several.split("<h3>All scenes</h3>")[1]


def test_the_legend_of_the_common_curves_names_every_scene(several):
    curves = several.split("<h3>Share of the queries below an error</h3>")[1].split("</svg>")[0]
    assert "room" in curves
    assert "_&lt;hall&gt;$" in curves


def test_a_scene_of_unknown_unit_says_that_its_trajectory_was_aligned(several):
    room, hall = several.split("<h2 ")[1:]
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
