"""Check the convention of given poses on matches of neighbouring views."""

from neumap.features.matching import mutual_nearest
from neumap.images.convention_check import MatchedPair, check_convention
from neumap.scene.covisibility import neighbours_by_pose
from neumap.scene.scene import MappingView

_NUM_PAIRS = 12
_MIN_SIMILARITY = 0.82  # clear matches only: they are not yet filtered by geometry


def check_given_poses(views: tuple[MappingView, ...]) -> None:
    """Raise PoseError if the poses clearly follow another convention, and name that one.

    Matches a dozen pairs of views that the poses, or their order of names, make neighbours.
    """
    step = max(1, len(views) // 6)
    by_name = [(i, i + 1) for i in range(0, len(views) - 1, step)]
    by_pose = neighbours_by_pose(views, 1)
    chosen = [*by_name[: _NUM_PAIRS // 2], *by_pose[:: max(1, len(by_pose) * 2 // _NUM_PAIRS)]]
    pairs: list[MatchedPair] = []
    for i, j in chosen[:_NUM_PAIRS]:
        a, b = views[i], views[j]
        matches, _ = mutual_nearest(
            a.features.descriptors, b.features.descriptors, min_similarity=_MIN_SIMILARITY
        )
        pairs.append(
            MatchedPair(
                a.cam_from_world,
                b.cam_from_world,
                a.xy_cam[matches[:, 0]],
                b.xy_cam[matches[:, 1]],
                0.5 * (a.camera.focal_px + b.camera.focal_px),
            )
        )
    check_convention(pairs, subject="the given poses")
