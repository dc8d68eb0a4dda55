import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from neumap.evaluation import ReportInputs, predict, render_report, score, summarise
from neumap.evaluation.score import median_scene_depth

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


def _inputs(capture, names, true_poses, localizer) -> ReportInputs:
    predictions = predict(localizer, capture, names)
    depth = median_scene_depth(predictions, true_poses)
    summary = summarise(
        score(predictions, true_poses), units=capture.units, median_depth=depth, map_bytes=28_000
    )
    return ReportInputs("a <b>map</b>", summary, predictions, capture)


@pytest.fixture(scope="module")
def page(capture, names, true_poses, make_localizer) -> str:
    localizer = make_localizer(failing=names[:1], unreadable=names[1:2], offset={names[4]: 0.6})
    return render_report(_inputs(capture, names, true_poses, localizer))


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


def test_every_query_failed_reasons_and_the_title_stand_in_the_page_escaped(page, names):
    assert all(name in page for name in names)
    assert "too few points of the map were found" in page
    assert "is not an image" in page
    assert "a &lt;b&gt;map&lt;/b&gt;" in page


def test_the_worst_wrong_pose_is_pictured(page, names):
    pictured = re.findall(r'alt="([^"]+)"', page)
    assert names[0] in pictured  # failed
    assert names[4] in pictured  # furthest off
    assert len(pictured) <= 6


def test_the_same_inputs_give_the_same_page(capture, names, true_poses, make_localizer):
    inputs = _inputs(capture, names[:3], {n: true_poses[n] for n in names[:3]}, make_localizer())
    assert render_report(inputs) == render_report(inputs)


def test_a_report_of_nothing_but_failures_is_made(capture, names, true_poses, make_localizer):
    unknown = replace(capture, units="unknown")
    page = render_report(_inputs(unknown, names, true_poses, make_localizer(failing=names)))
    assert "0 localised" in page
