"""The scene seen from above: points, mapping cameras, true and estimated query cameras."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from neumap.evaluation.inline_svg import ACCENT, INK, WARM, bare_axes, inline_svg
from neumap.geometry import RigidTransform


@dataclass(frozen=True, eq=False)
class QueryCameras:
    """The true camera of a query and the estimated one, None where it failed."""

    true: RigidTransform
    estimated: RigidTransform | None


def map_from_above_svg(
    xyz_in_world: Float[np.ndarray, "point 3"],
    mapping_cameras: Sequence[RigidTransform],
    queries: Sequence[QueryCameras],
    *,
    unit: str,
    name: str,
) -> str:
    """Draw everything along the mean viewing "down" of the cameras; transforms `cam_from_world`.

    Ids in the picture start with `name`.
    Estimates far off the picture are clipped, so that one bad pose does not shrink the rest.
    """
    true_cameras = [*mapping_cameras, *(query.true for query in queries)]
    plane = ground_axes(true_cameras)
    points = xyz_in_world @ plane.T
    if len(points) > 20:
        low, high = np.percentile(points, [1, 99], axis=0)
        points = points[((points >= low) & (points <= high)).all(axis=1)]
    centers = np.array([camera.center_in_source for camera in true_cameras]) @ plane.T
    shown = np.concatenate([points, centers])
    low, high = shown.min(axis=0), shown.max(axis=0)
    margin = max(0.06 * float((high - low).max()), 1e-6)
    # cameras of a video overlap: the more there are, the smaller each is drawn
    size = float((high - low).max()) / (40 * max(1.0, (len(true_cameras) / 60) ** 0.5)) + 1e-9

    figure = Figure(figsize=(9.6, _height(high - low)), layout="constrained")
    axes = bare_axes(figure, 1)
    axes.scatter(
        *points.T,
        s=4,
        color="#7d8590",
        alpha=0.55,
        linewidths=0,
        rasterized=True,
        label="map points",
    )
    _add_cameras(axes, mapping_cameras, plane, size=size, color="#8a8f98", label="mapped photos")
    _add_queries(axes, queries, plane, size=size)
    axes.set_xlim(low[0] - margin, high[0] + margin)
    axes.set_ylim(low[1] - margin, high[1] + margin)
    axes.set_aspect("equal")
    axes.set_xlabel(unit)
    axes.set_ylabel(unit)
    figure.legend(
        loc="outside lower center",
        ncols=5,
        frameon=False,
        labelcolor=INK,
        handlelength=1.1,
        markerscale=3,  # a dot is as small as on the map otherwise
    )
    num_found = sum(query.estimated is not None for query in queries)
    alt = (
        f"The scene from above: points of the map, {len(mapping_cameras)} mapped photos and "
        f"{len(queries)} queries, {num_found} of them with an estimated camera"
    )
    return inline_svg(figure, name=name, alt=alt)


def ground_axes(cameras: Sequence[RigidTransform]) -> Float[np.ndarray, "2 3"]:
    """Two unit vectors (rows, world frame) that span the plane seen from above.

    Photos are mostly held upright, so the mean of the cameras' y axes points down; the first
    vector is the direction in which the camera centres spread most.
    """
    down = np.mean([camera.rotation[1] for camera in cameras], axis=0)
    if np.linalg.norm(down) < 0.2:  # photos taken at all roll angles: their y axes cancel out
        down = np.array([0.0, 1.0, 0.0])
    down /= np.linalg.norm(down)
    centers = np.array([camera.center_in_source for camera in cameras])
    spread = centers - centers.mean(axis=0)
    spread -= (spread @ down)[:, None] * down
    # the added identity decides for a single camera, where nothing spreads
    weight = spread.T @ spread + 1e-12 * np.diag([3.0, 2.0, 1.0])
    flat = np.eye(3) - np.outer(down, down)
    _, vectors = np.linalg.eigh(flat @ weight @ flat)
    first = flat @ vectors[:, -1]
    first /= np.linalg.norm(first)
    # right-handed seen against `down`: the picture is not mirrored
    return np.stack([first, np.cross(first, down)])


def _height(extent: Float[np.ndarray, " 2"]) -> float:
    aspect = float(extent[1]) / max(float(extent[0]), 1e-9)
    return float(np.clip(8.6 * aspect + 1.1, 3.2, 6.6))


def _wedges(
    cameras: Sequence[RigidTransform], plane: Float[np.ndarray, "2 3"], size: float
) -> Float[np.ndarray, "camera 3 2"]:
    """One triangle a camera: the apex at its centre, open in the viewing direction."""
    wedges: list[np.ndarray] = []
    for camera in cameras:
        apex = plane @ camera.center_in_source
        forward, right = plane @ camera.rotation[2], plane @ camera.rotation[0]
        middle = apex + size * forward
        wedges.append(np.stack([apex, middle + 0.5 * size * right, middle - 0.5 * size * right]))
    return np.array(wedges)


def _joined(shapes: Float[np.ndarray, "shape corner 2"], *, is_closed: bool) -> Path:
    """Return many shapes as one path: thousands of cameras would be a large picture otherwise."""
    num_shapes, num_corners, _ = shapes.shape
    steps = [Path.MOVETO, *[Path.LINETO] * (num_corners - 1)]
    if is_closed:
        shapes, steps = np.concatenate([shapes, shapes[:, :1]], axis=1), [*steps, Path.CLOSEPOLY]
    return Path(shapes.reshape(-1, 2), np.tile(steps, num_shapes).astype(Path.code_type))


def _add_cameras(
    axes: Axes,
    cameras: Sequence[RigidTransform],
    plane: Float[np.ndarray, "2 3"],
    *,
    size: float,
    color: str,
    label: str,
    is_filled: bool = False,
) -> None:
    if not cameras:
        return
    axes.add_artist(
        PathPatch(
            _joined(_wedges(cameras, plane, size), is_closed=True),
            facecolor=color if is_filled else "none",
            edgecolor=color,
            linewidth=0.9,
            label=label,
            alpha=0.9,
        )
    )


def _add_queries(
    axes: Axes,
    queries: Sequence[QueryCameras],
    plane: Float[np.ndarray, "2 3"],
    *,
    size: float,
) -> None:
    found = [query for query in queries if query.estimated is not None]
    lost = [query.true for query in queries if query.estimated is None]
    estimated = [query.estimated for query in found if query.estimated is not None]
    gaps = [
        np.stack([plane @ query.true.center_in_source, plane @ estimate.center_in_source])
        for query, estimate in zip(found, estimated, strict=True)
    ]
    if gaps:
        lines = _joined(np.array(gaps), is_closed=False)
        axes.add_artist(PathPatch(lines, facecolor="none", edgecolor=WARM, linewidth=1.2))
    truths = [query.true for query in found]
    _add_cameras(axes, truths, plane, size=1.3 * size, color=ACCENT, label="queries, true")
    _add_cameras(
        axes,
        estimated,
        plane,
        size=0.8 * size,
        color=WARM,
        label="queries, estimated",
        is_filled=True,
    )
    _add_cameras(
        axes, lost, plane, size=size, color="#d1242f", label="queries that failed", is_filled=True
    )
