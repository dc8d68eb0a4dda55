import numpy as np
import pytest

from made_scene import made_views, truth_of
from neumap.codes.selection import observation_cells, select_by_coverage


def small_scene(seed):
    return truth_of(made_views(seed=seed, num_points=40, angles_deg=(-20, 0, 20), num_stray=0))


def cells_of_points(scene):
    """The photo cells that show each point, found literally."""
    points, out = scene.points, [[] for _ in range(len(scene.points))]
    rows = (points.obs_point_idx, points.obs_view_idx, points.obs_pixel_idx)
    for point, view, pixel in zip(*rows, strict=True):
        x, y = scene.views[view].features.xy_img[pixel]
        column, row = min(max(int(x / 160), 0), 3), min(max(int(y / 120), 0), 3)
        out[point].append((view, row, column))
    return out


def gain(cells, load, weight):
    return weight * sum(1 / (1 + load.get(cell, 0)) for cell in cells)


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_every_choice_has_the_largest_gain_of_all_that_are_left(seed, is_weighted):
    """The literal greedy rule; of equal gains any may be chosen."""
    scene = small_scene(seed)
    weight = np.random.default_rng(seed).uniform(0.2, 2, len(scene.points))
    weight = weight if is_weighted else np.ones(len(scene.points))
    chosen = select_by_coverage(scene, 25, weight=weight if is_weighted else None)
    cells, load = cells_of_points(scene), {}
    left = set(range(len(scene.points)))
    for point in chosen:
        best = max(gain(cells[p], load, weight[p]) for p in left)
        assert gain(cells[point], load, weight[point]) >= best - 1e-9
        left.remove(int(point))
        for cell in cells[point]:
            load[cell] = load.get(cell, 0) + 1


def test_a_smaller_choice_is_the_beginning_of_a_larger_one():
    scene = small_scene(1)
    whole = select_by_coverage(scene, 40)
    for count in (0, 1, 7, 30):
        np.testing.assert_array_equal(select_by_coverage(scene, count), whole[:count])


def test_more_codes_never_cover_fewer_cells():
    scene = small_scene(2)
    cells = cells_of_points(scene)
    covered = [
        len({cell for point in select_by_coverage(scene, count) for cell in cells[point]})
        for count in range(0, 41, 4)
    ]
    assert covered == sorted(covered)
    assert covered[-1] == len({cell for own in cells for cell in own})


def test_the_choice_covers_as_many_cells_as_the_best_of_fifty_random_ones():
    scene = small_scene(3)
    cells = cells_of_points(scene)

    def covered(points):
        return len({cell for point in points for cell in cells[point]})

    rng = np.random.default_rng(0)
    by_chance = [covered(rng.permutation(40)[:8]) for _ in range(50)]
    assert covered(select_by_coverage(scene, 8)) >= max(by_chance) > np.median(by_chance)


def test_all_points_are_chosen_once_if_there_are_fewer_than_asked_for():
    scene = small_scene(4)
    assert sorted(select_by_coverage(scene, 1000)) == list(range(len(scene.points)))


def test_a_point_of_large_weight_comes_first():
    scene = small_scene(5)
    weight = np.ones(len(scene.points))
    weight[17] = 100.0
    assert select_by_coverage(scene, 3, weight=weight)[0] == 17


def test_a_scene_without_points_gives_none():
    scene = truth_of(made_views(num_points=0, angles_deg=(0.0,), num_stray=0))
    assert len(select_by_coverage(scene, 5)) == 0


def test_cells_are_those_of_a_grid_of_four_by_four_in_each_photo():
    scene = small_scene(0)
    points = scene.points
    literal = cells_of_points(scene)
    for obs, cell in enumerate(observation_cells(scene)):
        view, place = divmod(int(cell), 16)
        assert view == points.obs_view_idx[obs]
        assert (view, *divmod(place, 4)) in literal[points.obs_point_idx[obs]]
