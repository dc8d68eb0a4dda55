"""Write a rendered capture: a mapping walk and a query walk through one place.

The folder has the layout of `neumap.images.capture_reader`: images/*.jpg, depth/*.png (16 bit,
millimetres, registered), cameras.json; and split.json with the names to map and to query.
"""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from neumap.geometry import Camera, RigidTransform
from neumap.rendering.light import day_style, night_style
from neumap.rendering.place import Place
from neumap.rendering.renderer import RenderedView, nearest_depth_m, render
from neumap.rendering.trajectory import walk

CONVENTION = (
    "T_wc: camera-to-world 4x4, OpenCV axes (x right, y down, z forward); pinhole, undistorted;"
    " corner-origin pixels, the first pixel's centre is (0.5, 0.5)"
)


@dataclass(frozen=True, kw_only=True)
class CaptureSpec:
    """What is photographed, how often, and how the queries differ from the map."""

    width: int = 640
    height: int = 480
    num_map: int = 24
    num_query: int = 6
    hfov_deg: float = 64.0
    """Horizontal field of view of the mapping camera."""
    query_hfov_deg: float = 58.0
    """The queries come from another camera."""
    map_night_share: float = 0.0
    """Share of mapping photos taken by night."""
    query_night_share: float = 0.5
    moved_share: float = 0.3
    """Share of loose things that are moved before the queries are taken."""
    removed_share: float = 0.0
    """Share of loose things that are gone then."""
    min_depth_m: float = 0.45
    """Views nearer to a surface than this are retaken from higher up."""


@dataclass(frozen=True)
class _Shot:
    name: str
    camera: Camera
    cam_from_world: RigidTransform
    view: RenderedView


def write_capture(
    folder: Path,
    build_place: Callable[[np.random.Generator], Place],
    spec: CaptureSpec,
    *,
    seed: int,
) -> None:
    """Render and write one capture; cameras.json and split.json come last, once all is there."""
    for part in ("images", "depth"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]
    place = build_place(streams[0])
    map_frames = _photograph(folder, place, spec, num=spec.num_map, prefix="map", rng=streams[1])
    moved = place.with_scene(
        place.scene.with_moved_objects(
            streams[3], share=spec.moved_share, removed_share=spec.removed_share
        )
    )
    query_frames = _photograph(
        folder, moved, spec, num=spec.num_query, prefix="query", rng=streams[2]
    )
    content = {
        "gt": f"rendered, exact ({place.kind}, seed {seed})",
        "convention": CONVENTION,
        "units": "metre",
        "frames": map_frames + query_frames,
    }
    split = {
        "map": [frame["file"] for frame in map_frames],
        "query": [frame["file"] for frame in query_frames],
    }
    (folder / "split.json").write_text(json.dumps(split, indent=1) + "\n", encoding="utf-8")
    (folder / "cameras.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _photograph(
    folder: Path,
    place: Place,
    spec: CaptureSpec,
    *,
    num: int,
    prefix: str,
    rng: np.random.Generator,
) -> list[dict[str, object]]:
    is_query = prefix == "query"
    camera = _camera(spec, spec.query_hfov_deg if is_query else spec.hfov_deg)
    share = spec.query_night_share if is_query else spec.map_night_share
    num_night = round(share * num)
    is_night = np.zeros(num, dtype=bool)
    is_night[rng.permutation(num)[:num_night]] = True
    frames: list[dict[str, object]] = []
    for number, path_pose in enumerate(walk(place, num, rng)):
        pose = _retaken(place, camera, path_pose, spec.min_depth_m)
        view = render(
            place.scene,
            camera,
            pose,
            place.night if is_night[number] else place.day,
            style=night_style(rng) if is_night[number] else day_style(rng),
            rng=rng,
        )
        frames.append(_write_shot(folder, _Shot(f"{prefix}-{number:04d}", camera, pose, view)))
    return frames


def _camera(spec: CaptureSpec, hfov_deg: float) -> Camera:
    focal = 0.5 * spec.width / float(np.tan(np.deg2rad(0.5 * hfov_deg)))
    # Off-centre by a little, as real cameras are: code that assumes the centre shows.
    cx, cy = 0.507 * spec.width, 0.494 * spec.height
    return Camera.pinhole(spec.width, spec.height, fx=focal, fy=focal, cx=cx, cy=cy)


def _retaken(
    place: Place, camera: Camera, cam_from_world: RigidTransform, min_depth_m: float
) -> RigidTransform:
    """Raise a camera that stands in or close to an object, by at most 0.6 m."""
    eye = cam_from_world.center_in_source
    rotation = cam_from_world.rotation
    for lift in (0.0, 0.15, 0.3, 0.45):
        raised = RigidTransform(rotation, -rotation @ (eye + np.array([0.0, 0.0, lift])))
        if nearest_depth_m(place.scene, camera, raised) >= min_depth_m:
            return raised
    backwards = eye - 0.5 * rotation[2] + np.array([0.0, 0.0, 0.15])
    return RigidTransform(rotation, -rotation @ backwards)


def _write_shot(folder: Path, shot: _Shot) -> dict[str, object]:
    (folder / "images" / f"{shot.name}.jpg").write_bytes(photo_jpeg(shot.view.rgb))
    (folder / "depth" / f"{shot.name}.png").write_bytes(depth_png(shot.view.depth))
    return frame_entry(shot.name, shot.camera, shot.cam_from_world, has_depth=True)


def photo_jpeg(rgb: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """Encode a photo as it is stored."""
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def depth_png(depth: Float[np.ndarray, "h w"]) -> bytes:
    """Encode depth in metres as 16 bit millimetres; beyond 65.534 m it counts as not measured."""
    depth_mm = np.clip(np.rint(depth * 1000.0), 0, 65535).astype(np.uint16)
    stream = io.BytesIO()
    Image.fromarray(depth_mm).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def frame_entry(
    name: str, camera: Camera, cam_from_world: RigidTransform, *, has_depth: bool
) -> dict[str, object]:
    """Return the entry of one photo in cameras.json."""
    entry: dict[str, object] = {
        "file": f"images/{name}.jpg",
        "w": camera.width,
        "h": camera.height,
        "fx": camera.fx,
        "fy": camera.fy,
        "cx": camera.cx,
        "cy": camera.cy,
        "T_wc": cam_from_world.inverse().matrix.tolist(),
    }
    return {**entry, "depth": f"depth/{name}.png"} if has_depth else entry
