import numpy as np
import pytest
from benchmarks.code_shapes import content_of
from benchmarks.rows import Row
from benchmarks.shapes import FIXED, OwnStepsShape, Points, ScalarShape, VectorShape, at_unit_length

from made_scene import MADE_HEADER, made_views, truth_of
from neumap.anchored_mapping import AnchoredMappingConfig, order_points
from neumap.decoder.weights import load_anchored_decoder

COUNT = 60


@pytest.fixture(scope="module")
def decoder():
    return load_anchored_decoder()[0]


@pytest.fixture(scope="module")
def points(decoder):
    scene = truth_of(made_views(num_points=120, num_stray=0))
    config = AnchoredMappingConfig(has_code_fit=False)
    ordered = order_points(scene, decoder, config=config, budget_bytes=2_000)
    return Points(scene=scene, ordered=ordered, header=MADE_HEADER, budget_bytes=2_000)


def test_fewer_values_take_fewer_bytes_and_the_others_are_read_as_zero(points, decoder):
    whole, narrow = (ScalarShape(decoder, n, 4).codes_of(points, COUNT) for n in (16, 8))
    assert narrow.num_bytes < whole.num_bytes - COUNT
    unit = ScalarShape(decoder, 8, 4).decoder.unit_codes(narrow.codes)
    assert np.abs(unit[:, 8:]).max() < 1e-4
    assert np.abs(unit[:, :8]).max() > 0.1


def test_steps_of_a_maps_own_have_four_values_each_and_cost_a_byte_a_value(points, decoder):
    made = OwnStepsShape(decoder).codes_of(points, COUNT)
    fixed = ScalarShape(decoder, 16, 4).codes_of(points, COUNT)
    assert max(len(np.unique(column)) for column in made.codes.levels.T) <= 4
    assert abs(made.num_bytes - 16 - fixed.num_bytes) < 0.2 * fixed.num_bytes


def test_more_centroids_take_more_bytes_and_are_nearer_to_the_values(points, decoder):
    values = at_unit_length(decoder.code_space.project(points.descriptors(COUNT)))
    few, many = (
        VectorShape(decoder, values, num_parts=2, num_centroids=count).codes_of(points, COUNT)
        for count in (2, 32)
    )
    assert few.num_bytes < many.num_bytes
    nearest = [(values @ decoder.unit_codes(made.codes).T).max(axis=1) for made in (few, many)]
    assert nearest[0].mean() < nearest[1].mean()


def test_errors_of_all_folds_are_compared_with_those_of_the_fixed_shape():
    def row(*errors):
        made = Row()
        for error in errors:
            made._add(error, 0.1, inliers=(9, 0.5), right=(5, 0.5), spent_ms=1.0)
        made.map_bytes.append(999)
        return made

    folds = [{(FIXED, 1000): row(0.1), ("other", 1000): row(0.2)}] * 2
    table = {entry["shape"]: entry for entry in content_of(folds)}
    assert table["other"]["error_over_fixed"] == {"ratio": 2.0, "log_se": 0.0}
    assert (table["other"]["num_queries"], table["other"]["first_right_mean"]) == (2, 5.0)
