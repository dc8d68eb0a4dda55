"""Which points get a code: greedy coverage of the mapping photos (`decoder.md`, section 5)."""

import heapq

import numpy as np
from jaxtyping import Float, Int

from neumap.scene.scene import Scene

_GRID = 4  # each photo is divided into 4 x 4 cells


def select_by_coverage(
    scene: Scene, count: int, *, weight: Float[np.ndarray, " point"] | None = None
) -> Int[np.ndarray, " chosen"]:
    """Choose `count` points (all, if there are fewer) so that every part of every photo has some.

    The next point is the one with the largest sum over its observations of
    1 / (1 + points already chosen in that photo cell), times its `weight` (default 1). The gain
    of a point only falls as others are chosen, so a lazily updated heap gives the exact greedy
    order.
    """
    cells = observation_cells(scene)
    points = scene.points
    start = np.searchsorted(points.obs_point_idx, np.arange(len(points) + 1))
    factor = weight if weight is not None else np.ones(len(points))
    # plain lists: a point has a few observations, too few for calls of numpy to pay
    share = [1.0] * (int(cells.max()) + 1 if len(cells) else 1)  # of a new point in each cell
    load = [0] * len(share)
    cell_list, weights = cells.tolist(), factor.tolist()
    ends = start.tolist()
    heap = [(-weights[p] * (ends[p + 1] - ends[p]), p) for p in range(len(points))]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap and len(chosen) < count:
        _, point = heapq.heappop(heap)
        own = cell_list[ends[point] : ends[point + 1]]
        gain = weights[point] * sum([share[cell] for cell in own])
        if heap and gain < -heap[0][0] - 1e-12:
            heapq.heappush(heap, (-gain, point))
            continue
        chosen.append(point)
        for cell in own:
            load[cell] += 1
            share[cell] = 1.0 / (1.0 + load[cell])
    return np.array(chosen, dtype=np.int64)


def observation_cells(scene: Scene) -> Int[np.ndarray, " obs"]:
    """Index of the photo cell (photo, row, column of a 4 x 4 grid) of each observation."""
    points = scene.points
    cells = np.zeros(len(points.obs_point_idx), dtype=np.int64)
    for index, view in enumerate(scene.views):
        own = np.flatnonzero(points.obs_view_idx == index)
        xy = view.features.xy_img[points.obs_pixel_idx[own]]
        size = (view.camera.width, view.camera.height)
        column_row = np.clip((xy / size * _GRID).astype(np.int64), 0, _GRID - 1)
        cells[own] = (index * _GRID + column_row[:, 1]) * _GRID + column_row[:, 0]
    return cells
