"""Finds poses given in a wrong convention, from matched pixels of a few image pairs.

Two-view epipolar geometry needs no 3D points: under the right poses a match lies on the epipolar
line of its partner.  The convention that would fit is named, never applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neumap.errors import PoseError
from neumap.geometry import RigidTransform
from neumap.geometry.epipolar import sampson_residuals_px

AS_GIVEN = "as given"
INVERSE = "inverse"
FLIPPED_AXES = "flipped axes"
INVERSE_AND_FLIPPED_AXES = "inverse and flipped axes"
TRANSPOSED_ROTATIONS = "transposed rotations"

_MEANING = {
    INVERSE: (
        "the matrices are world-to-camera where camera-to-world is expected, or the other way round"
    ),
    FLIPPED_AXES: (
        "the camera axes are OpenGL (y up, z backward) where OpenCV (y down, z forward) is "
        "expected, or the other way round"
    ),
    INVERSE_AND_FLIPPED_AXES: (
        "the matrices are inverted (world-to-camera against camera-to-world) and the camera axes "
        "are flipped (OpenGL against OpenCV)"
    ),
    TRANSPOSED_ROTATIONS: (
        "the rotations are from camera to world where those from world to camera are expected, or "
        "the other way round, beside camera centres that are right"
    ),
}
_CLEARLY_BETTER = 1 / 3
_GOOD_RESIDUAL_PX = 4.0
_MIN_BASELINE = 1e-9
_MIN_MATCHES = 20


@dataclass(frozen=True, eq=False)
class MatchedPair:
    """Matches of two images as undistorted normalised coordinates, with the given poses."""

    cam_a_from_world: RigidTransform
    cam_b_from_world: RigidTransform
    xy_cam_a: Float[np.ndarray, "match 2"]
    xy_cam_b: Float[np.ndarray, "match 2"]
    focal_px: float
    """Turns normalised residuals into pixels."""


@dataclass(frozen=True)
class ConventionFit:
    """How well one reading of the poses explains the matches."""

    convention: str
    residual_px: float
    """Median Sampson distance over all matches; NaN without matches or baseline."""
    in_front: float
    """Share of the matches whose rays meet in front of both cameras."""


@dataclass(frozen=True)
class ConventionReport:
    """The fit of all readings, and the best one."""

    fits: tuple[ConventionFit, ...]
    num_matches: int

    def fit_of(self, convention: str) -> ConventionFit:
        """Return the fit of one reading."""
        return next(fit for fit in self.fits if fit.convention == convention)

    @property
    def best(self) -> ConventionFit:
        """The reading with the smallest residual (`as given` where none has one)."""
        finite = [fit for fit in self.fits if np.isfinite(fit.residual_px)]
        return min(finite, key=lambda fit: fit.residual_px) if finite else self.fits[0]


def check_convention(pairs: Sequence[MatchedPair], *, subject: str) -> ConventionReport:
    """Compare the given poses with the other common readings of them.

    Raises PoseError (about `subject`) naming the reading that would fit, if its median residual
    is below 4 px and below a third of the given one's; or if it is no worse and puts the scene in
    front of the cameras (> 80 % of the matches) where the given one puts it behind (< 20 %).
    Fewer than 20 matches decide nothing.
    """
    fits = tuple(_fit(convention, pairs) for convention in (AS_GIVEN, *_MEANING))
    report = ConventionReport(fits, sum(len(pair.xy_cam_a) for pair in pairs))
    given = fits[0]
    better = [fit for fit in fits[1:] if _is_clearly_better(fit, given)]
    if report.num_matches < _MIN_MATCHES or not better:
        return report
    best = min(better, key=lambda fit: fit.residual_px)
    raise PoseError(
        subject,
        f"the poses do not fit the photos: median epipolar residual {given.residual_px:.1f} px "
        f"({given.in_front:.0%} of the matches in front); it would be {best.residual_px:.1f} px "
        f"({best.in_front:.0%}) if {_MEANING[best.convention]}",
        "State the poses in the convention of their layout; nothing was converted.",
    )


def _is_clearly_better(fit: ConventionFit, given: ConventionFit) -> bool:
    if not fit.residual_px < _GOOD_RESIDUAL_PX:
        return False
    if fit.residual_px < _CLEARLY_BETTER * given.residual_px:
        return True
    is_behind = given.in_front < 0.2 and fit.in_front > 0.8
    return is_behind and fit.residual_px < 1.5 * given.residual_px


def _reread(cam_from_world: RigidTransform, convention: str) -> RigidTransform:
    """Return the pose that the same numbers mean in another convention."""
    pose = cam_from_world
    if convention == TRANSPOSED_ROTATIONS:
        transposed = pose.rotation.T
        pose = RigidTransform(transposed, -transposed @ pose.center_in_source)
    if convention in (INVERSE, INVERSE_AND_FLIPPED_AXES):
        pose = pose.inverse()
    if convention in (FLIPPED_AXES, INVERSE_AND_FLIPPED_AXES):
        pose = RigidTransform(np.diag([1.0, -1.0, -1.0]), np.zeros(3)) @ pose
    return pose


def _fit(convention: str, pairs: Sequence[MatchedPair]) -> ConventionFit:
    residuals_px: list[Float[np.ndarray, " match"]] = []
    in_front: list[Float[np.ndarray, " match"]] = []
    for pair in pairs:
        cam_a_from_world = _reread(pair.cam_a_from_world, convention)
        cam_b_from_cam_a = _reread(pair.cam_b_from_world, convention) @ cam_a_from_world.inverse()
        if np.linalg.norm(cam_b_from_cam_a.translation) < _MIN_BASELINE:
            continue  # without a baseline every match fits
        rays_a = np.column_stack([pair.xy_cam_a, np.ones(len(pair.xy_cam_a))])
        rays_b = np.column_stack([pair.xy_cam_b, np.ones(len(pair.xy_cam_b))])
        residuals_px.append(
            sampson_residuals_px(
                cam_b_from_cam_a, pair.xy_cam_a, pair.xy_cam_b, focal_px=pair.focal_px
            )
        )
        in_front.append(_meet_in_front(cam_b_from_cam_a, rays_a, rays_b).astype(np.float64))
    residual_px = np.concatenate(residuals_px) if residuals_px else np.zeros(0)
    is_known = np.isfinite(residual_px)
    if not is_known.any():
        return ConventionFit(convention, float("nan"), 0.0)
    share = float(np.concatenate(in_front)[is_known].mean())
    return ConventionFit(convention, float(np.median(residual_px[is_known])), share)


def _meet_in_front(
    cam_b_from_cam_a: RigidTransform,
    rays_a: Float[np.ndarray, "match 3"],
    rays_b: Float[np.ndarray, "match 3"],
) -> np.ndarray:
    """Tell where the nearest points of both rays have positive depth.

    Solves depth_b ray_b - depth_a R ray_a = t in the least-squares sense for each match.
    """
    u, v = rays_a @ cam_b_from_cam_a.rotation.T, rays_b
    t = cam_b_from_cam_a.translation
    uu, vv, uv = (u * u).sum(1), (v * v).sum(1), (u * v).sum(1)
    ut, vt = u @ t, v @ t
    determinant = uu * vv - uv * uv  # >= 0; its sign does not matter to the depths' signs
    depth_a = uv * vt - vv * ut
    depth_b = uu * vt - uv * ut
    return (depth_a > 0) & (depth_b > 0) & (determinant > 0)
