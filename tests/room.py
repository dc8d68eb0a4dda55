"""The rendered room of the integration and regression tests, and the errors of poses in it."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

import neumap
from neumap.images import Split
from neumap.rendering import CaptureSpec, build_room, write_capture

BUDGETS = (28_000, 14_000, 4_200)


def write_room(folder):
    """24 photos to map, 6 queries, 320 x 240, exact depth and poses."""
    spec = CaptureSpec(
        width=320, height=240, num_map=24, num_query=6, query_night_share=0.0, moved_share=0.0
    )
    write_capture(folder, build_room, spec, seed=1)


def room_parts(folder):
    """The image set, the names to map, and the records of the queries."""
    image_set = neumap.read_images(folder)
    split = Split.read(folder / "split.json")
    return image_set, split.map_names, split.apply(image_set)[1]


def pose_errors(result, cam_from_world):
    """Distance of the centres in scene units and angle in degrees; infinite for a failure."""
    if isinstance(result, neumap.PoseFailure):
        return np.inf, np.inf
    gap = result.cam_from_world.center_in_source - cam_from_world.center_in_source
    turn = result.cam_from_world.rotation @ cam_from_world.rotation.T
    sine = 0.5 * np.linalg.norm(turn - turn.T) / np.sqrt(2)
    angle = np.arctan2(sine, 0.5 * (np.trace(turn) - 1))
    return float(np.linalg.norm(gap)), float(np.degrees(angle))


def figures_of(scene_map, queries):
    """Medians over the queries, and the inliers of each."""
    results = [scene_map.localize(query.path, camera=query.camera) for query in queries]
    errors = [
        pose_errors(result, query.cam_from_world)
        for result, query in zip(results, queries, strict=True)
    ]
    return {
        "median_position_error_m": round(float(np.median([e[0] for e in errors])), 5),
        "median_rotation_error_deg": round(float(np.median([e[1] for e in errors])), 4),
        "num_inliers": [result.num_inliers for result in results],
    }


def room_figures(folder):
    """The figures of the room at each budget."""
    image_set, names, queries = room_parts(folder)
    return {
        str(budget): figures_of(
            neumap.map_scene(image_set, split_names=names, budget_bytes=budget), queries
        )
        for budget in BUDGETS
    }


if __name__ == "__main__":  # python tests/room.py tests/regression/golden.json
    with tempfile.TemporaryDirectory() as made:
        write_room(Path(made))
        golden = json.dumps(room_figures(Path(made)), indent=1)
    Path(sys.argv[1]).write_text(golden + "\n", encoding="utf-8")
