import json

import numpy as np
import pytest
from benchmarks.product_quantisation import DescriptorCodebook, product_quantised
from benchmarks.rate_accuracy import PAGE, REFERENCE, RESULTS_FILE, curves_of, page
from benchmarks.rows import Row

from made_scene import made_views, truth_of, unit


def row_of(map_bytes, errors):
    row = Row()
    row.map_bytes.append(map_bytes)
    row.position_error += errors
    return row


def test_a_query_counts_as_found_within_five_times_the_references_median():
    rows = {
        (REFERENCE, 0): row_of(10**6, [0.01, 0.01, 0.02]),
        ("neumap", 1000): row_of(998, [0.05, 0.0501, float("inf")]),
        ("neumap", 2000): row_of(1999, [0.01, 0.02, 0.03]),
    }
    full, own = curves_of(rows)
    assert (full.label, own.label) == (REFERENCE, "neumap")
    assert [point.map_bytes for point in own.points] == [998, 1999]
    assert own.points[0].recall == pytest.approx(1 / 3, abs=1e-3)
    assert own.points[0].median_position_error == 0.0501
    assert own.points[0].p75_position_error is None
    assert (own.points[0].num_failed, own.points[0].num_queries) == (1, 3)


def test_budgets_that_give_the_same_map_are_one_point():
    rows = {(REFERENCE, 0): row_of(10**6, [0.01])}
    rows |= {("neumap", budget): row_of(1500, [0.02]) for budget in (2000, 4000)}
    assert len(curves_of(rows)[1].points) == 1


def test_product_quantised_descriptors_are_near_their_own_and_fill_the_bytes():
    rng = np.random.default_rng(0)
    scene = truth_of(made_views(num_points=200, num_stray=0))
    looks = scene.points.descriptors
    noisy = unit(np.repeat(looks, 20, axis=0) + 0.05 * rng.normal(size=(20 * len(looks), 64)))
    reader = product_quantised(scene, DescriptorCodebook(noisy.astype(np.float32)), num_bytes=1400)
    assert reader.num_bytes == 1400
    np.testing.assert_allclose(np.linalg.norm(reader.vectors, axis=1), 1.0, rtol=1e-5)
    similarity = reader.vectors @ looks.T
    gap = np.linalg.norm(reader.anchors_in_world[:, None] - scene.points.xyz_in_world[None], axis=2)
    assert (similarity.argmax(axis=1) == gap.argmin(axis=1)).mean() > 0.95


def test_the_page_is_what_the_committed_results_give():
    content = json.loads(RESULTS_FILE.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(content)
    for name in content["sets"]:
        assert (PAGE.parent / "rate_accuracy" / f"{name}.svg").exists()
