import math
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from benchmark_rows import made_row
from neumap.errors import DataError
from neumap.evaluation import SceneEvidence, predict, score, summarise
from neumap.evaluation.benchmark_report import (
    MAX_WORST,
    BenchmarkRow,
    render_benchmark_report,
)
from neumap.evaluation.scene_evidence import MAX_BEST
from neumap.images import PosedImage
from page_checker import check_page

METHODS = [
    ("neumap", 2000),
    ("neumap", 4200),
    ("neumap", 28_000),
    ("yardstick", 2000),
    ("yardstick", 4200),
    ("yardstick", 28_000),
    ("full-precision", None),
    ("sift", None),
    ("xfeat-pairs", None),
]


def _row(capture, true_poses, localizer, *, method, budget_bytes, scene) -> BenchmarkRow:
    predictions = predict(localizer, capture, tuple(true_poses))
    cameras = tuple(pose for pose in true_poses.values() for _ in range(70))
    return BenchmarkRow(
        scene=scene,
        method=method,
        budget_bytes=budget_bytes,
        map_bytes=budget_bytes or 500_000,
        mapping_seconds=20.0,
        summary=summarise(score(predictions, true_poses), units="metre", median_depth=None),
        evidence=SceneEvidence(predictions, capture, cameras),
    )


@pytest.fixture(scope="module")
def rows(capture, names, true_poses, make_localizer) -> list[BenchmarkRow]:
    made = []
    for scene in ("hall", "a <b>room</b>"):
        for place, (method, budget_bytes) in enumerate(METHODS):
            offset = {name: 0.01 * (1 + place + idx) for idx, name in enumerate(names)}
            localizer = make_localizer(failing=names[:place], offset=offset)
            kind = {"method": method, "budget_bytes": budget_bytes, "scene": scene}
            made.append(_row(capture, true_poses, localizer, **kind))
    return made


@pytest.fixture(scope="module")
def page(rows) -> str:
    return render_benchmark_report("all & sundry", rows)


def test_the_page_is_sound_html_that_needs_no_other_file(page):
    check_page(page)
    assert "all &amp; sundry" in page
    assert "<b>room</b>" not in page


def test_the_table_has_a_row_for_each_map_and_for_the_pooled_ones(page, rows):
    summary = page.split("</section>")[0]
    table_rows = re.findall(r"<tr[^>]*><th scope=\"row\">([^<]+)</th>", summary)
    assert len(table_rows) == len(rows) + len(METHODS)
    for method in dict.fromkeys(method for method, _ in METHODS):
        assert method in table_rows
    for text in ("28.0 kB", "500,000", "0 of 10", "20.0", "median error", "queries within"):
        assert text in summary


def test_every_scene_has_a_part_that_the_table_links_to(page):
    targets = re.findall(r'<h3 class="chosen"><a href="#([^"]+)"', page)
    assert len(targets) == 3  # all scenes, and the two
    for target in targets:
        assert f'<h2 class="scene" id="{target}">' in page
    parts = page.split('<h2 class="scene"')[1:]
    for heading in ("Bytes against accuracy", "Share of the queries below an error"):
        assert all(heading in part for part in parts)
    assert ["The map from above" in part for part in parts] == [False, True, True]


def test_the_pictured_map_is_the_largest_of_neumap_and_others_errors_stand_beside(page):
    part = page.split('<h2 class="scene"')[2]
    assert "Worst and best queries: neumap, 28.0 kB" in part
    pictured = re.findall(r'alt="([^"]+)"', part)
    views = {alt.split(": ")[1].split(",")[0] for alt in pictured}
    assert views == {"no pose", "residuals", "confidence", "depth", "coordinates"}
    assert len({alt.split(":")[0] for alt in pictured}) == MAX_WORST + MAX_BEST
    assert re.search(r"Others: yardstick [^,]+, full-precision [^,]+, sift ", part)
    assert "yardstick failed" in part


def test_best_figures_at_equal_bytes_are_marked_in_words_too(page):
    assert page.count('<td class="best">') == page.count('<span class="spoken"> (best)</span>') > 0


def test_where_another_map_is_better_the_page_says_by_how_much():
    rows = [
        made_row("neumap", 2000, [0.2, math.inf]),
        made_row("yardstick", 2000, [0.1, 0.1]),
    ]
    page = render_benchmark_report("behind", rows)
    assert "Where neumap is not the best at equal bytes" in page
    assert "median position error infinite against 0.100 (yardstick)" in page


def test_without_neumap_or_a_second_method_nothing_is_said_of_being_behind():
    for rows in ([made_row("sift", None, [0.1])], [made_row("neumap", 2000, [0.1])]):
        page = render_benchmark_report("one", rows)
        check_page(page)
        assert "not the best" not in page


def test_rows_without_evidence_have_figures_and_curves_alone(rows):
    page = render_benchmark_report("bare", [replace(row, evidence=None) for row in rows])
    assert "<img" not in page
    assert "The map from above" not in page
    assert page.count("<svg") == 2 * 3


def test_queries_without_evidence_are_not_pictured(rows):
    row = rows[0]
    few = replace(row.evidence, predictions=row.evidence.predictions[:2])
    page = render_benchmark_report("few", [replace(row, evidence=few)])
    assert {alt.split(":")[0] for alt in re.findall(r'<img [^>]*alt="([^"]+)"', page)} == {
        prediction.name for prediction in few.predictions
    }


@pytest.mark.parametrize("units", ["metre", "unknown"])
def test_rows_of_nothing_but_failures_are_shown(units):
    rows = [
        made_row(method, 2000, [math.inf] * 3, scene=scene, units=units)
        for method in ("neumap", "yardstick")
        for scene in ("hall", "room")
    ]
    page = render_benchmark_report("failures", rows)
    check_page(page)
    assert "3 of 3" in page


def test_scenes_of_known_and_unknown_unit_stand_in_one_page():
    rows = [
        made_row("neumap", 2000, [0.1]),
        made_row("neumap", 2000, [0.1], scene="b", units="unknown"),
    ]
    page = render_benchmark_report("both", rows)
    assert "positions in fractions of each scene&#39;s median depth" in page
    assert "positions in metres" in page
    assert "the unit of the given poses, which is not known" in page


def test_a_benchmark_without_rows_is_refused():
    with pytest.raises(DataError, match="has no row"):
        render_benchmark_report("nothing", [])


def test_the_same_rows_give_the_same_page(rows):
    assert render_benchmark_report("p", rows[:1]) == render_benchmark_report("p", rows[:1])


@pytest.mark.slow
def test_six_scenes_of_nine_maps_stay_below_six_megabytes(tmp_path, capture, rows):
    """Photos with detail at all scales, as real ones have; 700 mapped photos a scene."""
    rng = np.random.default_rng(0)
    images = []
    for image in capture.images:
        photo = Image.fromarray(rng.integers(0, 255, (480, 640, 3), dtype=np.uint8))
        path = tmp_path / image.name
        photo.filter(ImageFilter.GaussianBlur(1.5)).save(path)
        camera = image.camera.scaled(640, 480)
        images.append(PosedImage(image.name, path, camera, image.cam_from_world))
    image_set = replace(capture, images=tuple(images))
    many = [
        replace(row, scene=f"scene {number}", evidence=replace(row.evidence, image_set=image_set))
        for number in range(6)
        for row in rows[: len(METHODS)]
    ]
    size_bytes = len(render_benchmark_report("six", many).encode())
    assert 1_000_000 < size_bytes < 6_000_000
