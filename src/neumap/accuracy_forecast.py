"""What errors maps of some sizes will have, told from mapping photos that the maps do not know.

Some photos are taken out of the scene, with their neighbours in time where there are many: what
they saw is forgotten, points are chosen and codes made again without them, and they are then
localised in maps of several sizes. Queries have no part in it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Int

from neumap.anchored_mapping import AnchoredMappingConfig, order_points
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.anchored_file import file_bytes
from neumap.codes.forecast import ExpectedErrors, Forecast, expected_errors
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.evaluation.pose_error import position_error
from neumap.features.xfeat import XFeatConfig, XFeatExtractor
from neumap.localizer import Localizer
from neumap.pose import PoseFailure
from neumap.scene.point_fit import mean_descriptors
from neumap.scene.scene import MappingView, Scene, ScenePoints
from neumap.scene.tracks import Tracks
from neumap.scene_readers import AnchoredReader

_LEAST_PHOTOS = 4  # fewer held out tell nothing
_PHOTOS_FOR_ONE = 5  # one in so many is held out at most
_DROPPED_SHARE = 3  # at most one photo in so many is left out as a neighbour
_SMALLEST_BYTES = 1_000
_MOST_CODES = 10_000  # of the map of all points, to bound the time
_FINEST_LEVELS = 256


def forecast_accuracy(
    scene: Scene,
    decoder: AnchoredDecoder,
    header: Mapping[str, Any],
    *,
    budget_bytes: int,
    config: AnchoredMappingConfig,
    num_photos: int,
) -> Forecast | None:
    """Return the expected errors at the budget, its half, its quarter and so on down to 1 kB.

    At most `num_photos` photos are held out, evenly spaced; None where the scene has fewer than
    twenty, or too few points without them. Codes are not fitted. Positions of points stay as they
    are, although the held-out photos had a part in them: errors are a little too small.
    """
    held = held_out_views(len(scene.views), num_photos)
    if len(held) < _LEAST_PHOTOS:
        return None
    rest = scene_without(scene, held)
    if len(rest.points) < _SMALLEST_BYTES // 8:
        return None
    views = [scene.views[index] for index in held]
    extractor = XFeatExtractor(XFeatConfig(max_key_points=int(header["layout"]["q"])))

    def errors_of(codes: AnchoredCodes) -> ExpectedErrors:
        localizer = Localizer(extractor, AnchoredReader(decoder, codes))
        errors = [_error(localizer, view) for view in views]
        return expected_errors(file_bytes(header, codes), errors)

    ordered = order_points(rest, decoder, config=config, budget_bytes=budget_bytes)
    values = decoder.code_space.project(rest.points.descriptors[ordered.point_idx])
    sizes: list[ExpectedErrors] = []
    while budget_bytes >= _SMALLEST_BYTES or not sizes:
        codes_of = ordered.codes_of(rest, decoder.code_space, header, budget_bytes=budget_bytes)
        codes = ordered.within(codes_of, values, budget_bytes)
        if codes is None:
            break
        row = errors_of(codes)
        # a smaller scene may not fill its budget; what fits then stands for the budget
        sizes.append(
            ExpectedErrors(
                map_bytes=budget_bytes, median=row.median, p75=row.p75, num_failed=row.num_failed
            )
        )
        budget_bytes //= 2
    if not sizes:
        return None
    return Forecast(
        num_photos=len(held),
        sizes=tuple(sizes[::-1]),
        all_points=errors_of(_all_codes(rest, decoder, header)),
    )


def held_out_views(num_views: int, num_photos: int) -> Int[np.ndarray, " held"]:
    """Return evenly spaced views, `num_photos` or one in five where that is less."""
    count = min(num_photos, num_views // _PHOTOS_FOR_ONE)
    return ((np.arange(count) + 0.5) * num_views / max(count, 1)).astype(np.int64)


def scene_without(scene: Scene, held: Int[np.ndarray, " held"]) -> Scene:
    """Forget what the held-out views and their neighbours saw; all views stay in their places."""
    reach = len(scene.views) // (2 * _DROPPED_SHARE * len(held))
    dropped = np.unique(np.concatenate([held + gap for gap in range(-reach, reach + 1)]))
    points = scene.points
    kept = np.flatnonzero(~np.isin(points.obs_view_idx, dropped))
    counts = np.bincount(points.obs_point_idx[kept], minlength=len(points))
    is_point = counts >= 2
    kept = kept[is_point[points.obs_point_idx[kept]]]
    tracks = Tracks(
        (np.cumsum(is_point) - 1)[points.obs_point_idx[kept]],
        points.obs_view_idx[kept],
        points.obs_pixel_idx[kept],
    )
    own = ScenePoints(
        points.xyz_in_world[is_point],
        mean_descriptors(scene.views, tracks, int(is_point.sum())),
        tracks.obs_track_idx,
        tracks.obs_view_idx,
        tracks.obs_pixel_idx,
    )
    return Scene(scene.views, own, scene.units)


def _all_codes(scene: Scene, decoder: AnchoredDecoder, header: Mapping[str, Any]) -> AnchoredCodes:
    """All points that may have a code, or the 10,000 most important ones, finely rounded."""
    everything = order_points(
        scene,
        decoder,
        config=AnchoredMappingConfig(has_code_fit=False),
        budget_bytes=2 * _MOST_CODES,  # two bytes a code: no budget of codes is larger
    )
    space = decoder.code_space
    codes_of = everything.codes_of(
        scene, space.with_levels(_FINEST_LEVELS), header, budget_bytes=2 * _MOST_CODES
    )
    return codes_of.of(space.project(scene.points.descriptors[everything.point_idx]))


def _error(localizer: Localizer, view: MappingView) -> float:
    size = (view.camera.width, view.camera.height)
    found = localizer.localize_features(view.features, size=size, camera=view.camera)
    if isinstance(found, PoseFailure):
        return float("inf")
    return position_error(found.cam_from_world, view.cam_from_world)
