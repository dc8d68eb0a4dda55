"""Check given poses against matches of neighbouring views: their convention, and any overlap."""

from collections.abc import Sequence

import numpy as np

from neumap.errors import MappingError
from neumap.features.matching import mutual_nearest
from neumap.geometry.epipolar import sampson_residuals_px
from neumap.images.convention_check import MatchedPair, check_convention
from neumap.scene.covisibility import neighbours_by_pose
from neumap.scene.scene import MappingView

_NUM_PAIRS = 12
_MIN_SIMILARITY = 0.82  # clear matches only: they are not yet filtered by geometry
_FIT_PX = 4.0  # depth-camera poses may be 2 px off
_FIT_SHARE = 0.3  # views of one place: 0.85 to 0.98; unrelated ones: 0.05 by chance, up to 0.15
_FIT_MATCHES = 15
_MAX_SECOND_LOOK = 200
_MIN_BASELINE = 1e-9


def check_given_poses(views: tuple[MappingView, ...]) -> None:
    """Raise PoseError or MappingError if the photos do not fit their poses.

    Matches a dozen pairs of views that the poses, or their order of names, make neighbours.
    PoseError: the poses clearly follow another convention, which is named. MappingError: under no
    convention do the matches agree, because the photos do not overlap or have others' poses.
    """
    step = max(1, len(views) // 6)
    by_name = [(i, i + 1) for i in range(0, len(views) - 1, step)]
    by_pose = neighbours_by_pose(views, 1)
    chosen = [*by_name[: _NUM_PAIRS // 2], *by_pose[:: max(1, len(by_pose) * 2 // _NUM_PAIRS)]]
    pairs = [_matched(views[i], views[j]) for i, j in chosen[:_NUM_PAIRS]]
    check_convention(pairs, subject="the given poses")
    _require_overlap(views, pairs)


def fits_its_poses(pair: MatchedPair) -> bool:
    """Tell whether far more of a pair's matches agree with its poses than chance explains."""
    cam_b_from_cam_a = pair.cam_b_from_world @ pair.cam_a_from_world.inverse()
    if np.linalg.norm(cam_b_from_cam_a.translation) < _MIN_BASELINE:
        return True  # without a baseline nothing can be told
    residuals_px = sampson_residuals_px(
        cam_b_from_cam_a, pair.xy_cam_a, pair.xy_cam_b, focal_px=pair.focal_px
    )
    num_fitting = int((residuals_px < _FIT_PX).sum())
    return num_fitting >= max(_FIT_MATCHES, _FIT_SHARE * len(residuals_px))


def _require_overlap(views: tuple[MappingView, ...], pairs: Sequence[MatchedPair]) -> None:
    """Refuse views of which hardly any neighbours agree; a second look takes more neighbours."""
    if sum(map(fits_its_poses, pairs)) >= min(3, len(pairs)):
        return
    by_pose = neighbours_by_pose(views, 2)
    chosen = by_pose[:: -(-len(by_pose) // _MAX_SECOND_LOOK)]
    num_fitting = sum(fits_its_poses(_matched(views[i], views[j])) for i, j in chosen)
    if num_fitting >= max(1, 0.1 * len(chosen)):
        return
    raise MappingError(
        f"{len(views)} photos",
        f"of {len(chosen)} neighbouring pairs {num_fitting} have matches that fit the given poses: "
        "the photos do not overlap, or the poses are not theirs",
        "Take photos that overlap by half, and check that each pose belongs to its photo.",
    )


def _matched(a: MappingView, b: MappingView) -> MatchedPair:
    matches, _ = mutual_nearest(
        a.features.descriptors, b.features.descriptors, min_similarity=_MIN_SIMILARITY
    )
    return MatchedPair(
        a.cam_from_world,
        b.cam_from_world,
        a.xy_cam[matches[:, 0]],
        b.xy_cam[matches[:, 1]],
        0.5 * (a.camera.focal_px + b.camera.focal_px),
    )
