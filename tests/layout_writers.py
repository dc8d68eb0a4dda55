"""One small synthetic capture, written in the exact layout of each format."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

WIDTH, HEIGHT = 64, 48
FX, FY, CX, CY = 60.0, 61.0, 31.0, 25.0


@dataclass(frozen=True)
class Capture:
    """Frames in the order of their names in every layout; poses are world_from_cam, OpenCV axes."""

    photos: tuple[np.ndarray, ...]
    world_from_cam: tuple[np.ndarray, ...]
    depth_m: np.ndarray


def make_capture(num_frames: int = 6) -> Capture:
    rng = np.random.default_rng(5)
    poses = []
    for index in range(num_frames):
        pose = np.eye(4)
        pose[:3, :3] = Rotation.from_rotvec(rng.normal(0, 0.4, 3)).as_matrix()
        pose[:3, 3] = [0.3 * index, *rng.normal(0, 0.2, 2)]
        poses.append(pose)
    photos = rng.integers(0, 255, (num_frames, HEIGHT, WIDTH, 3), dtype=np.uint8)
    depth_m = rng.integers(1000, 4000, (HEIGHT, WIDTH)) / 1000.0
    return Capture(tuple(photos), tuple(poses), depth_m)


def save_photo(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def save_depth(path: Path, depth_m: np.ndarray, units_per_metre: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = np.round(depth_m * units_per_metre).astype(np.uint16)
    stored[0, 0] = 0
    Image.fromarray(stored).save(path)


def save_pose(path: Path, pose: np.ndarray) -> None:
    path.write_text("\n".join("\t".join(f"{v:.17e}" for v in row) for row in pose) + "\n")


def write_capture(root: Path, capture: Capture) -> None:
    frames = []
    for index, (photo, pose) in enumerate(zip(capture.photos, capture.world_from_cam, strict=True)):
        name = f"images/{index:03d}.png"
        save_photo(root / name, photo)
        depth = f"depth/{index:03d}.png"
        save_depth(root / depth, capture.depth_m, 1000)
        size = {"w": WIDTH, "h": HEIGHT, "fx": FX, "fy": FY, "cx": CX, "cy": CY}
        frames.append({"file": name, **size, "T_wc": pose.tolist(), "depth": depth})
    content = {"gt": "made up, metres", "convention": "T_wc", "frames": frames}
    (root / "cameras.json").write_text(json.dumps(content))


def write_nerfstudio(root: Path, capture: Capture) -> None:
    frames = []
    for index, (photo, pose) in enumerate(zip(capture.photos, capture.world_from_cam, strict=True)):
        save_photo(root / "images" / f"{index:03d}.png", photo)
        opengl = pose @ np.diag([1.0, -1.0, -1.0, 1.0])
        frames.append({"file_path": f"./images/{index:03d}", "transform_matrix": opengl.tolist()})
    shared = {"fl_x": FX, "fl_y": FY, "cx": CX, "cy": CY, "w": float(WIDTH), "h": float(HEIGHT)}
    (root / "transforms.json").write_text(json.dumps({**shared, "frames": frames}))


def write_seven_scenes(root: Path, capture: Capture) -> None:
    for index, (photo, pose) in enumerate(zip(capture.photos, capture.world_from_cam, strict=True)):
        stem = f"seq-{1 + index // 3:02d}/frame-{index:06d}"
        save_photo(root / f"{stem}.color.png", photo)
        save_depth(root / f"{stem}.depth.png", capture.depth_m, 1000)
        save_pose(root / f"{stem}.pose.txt", pose)
    (root / "TrainSplit.txt").write_text("sequence1\n")
    (root / "TestSplit.txt").write_text("sequence2\n")
    (root / "camera-intrinsics.txt").write_text(f"{FX} 0 {CX}\n0 {FY} {CY}\n0 0 1\n")


def write_tum(root: Path, capture: Capture) -> None:
    rgb, depth, truth = ["# color images"], ["# depth maps"], ["# timestamp tx ty tz qx qy qz qw"]
    for index, (photo, pose) in enumerate(zip(capture.photos, capture.world_from_cam, strict=True)):
        time = 1305031102.0 + index / 30
        save_photo(root / f"rgb/{time:.6f}.png", photo)
        save_depth(root / f"depth/{time + 0.01:.6f}.png", capture.depth_m, 5000)
        rgb.append(f"{time:.6f} rgb/{time:.6f}.png")
        depth.append(f"{time + 0.01:.6f} depth/{time + 0.01:.6f}.png")
        quat = Rotation.from_matrix(pose[:3, :3]).as_quat()
        numbers = " ".join(f"{value:.15f}" for value in (*pose[:3, 3], *quat))
        truth.append(f"{time - 0.004:.4f} {numbers}")
    (root / "rgb.txt").write_text("\n".join(rgb) + "\n")
    (root / "depth.txt").write_text("\n".join(depth) + "\n")
    (root / "groundtruth.txt").write_text("\n".join(truth) + "\n")
    (root / "calibration.txt").write_text(f"{FX} {FY} {CX - 0.5} {CY - 0.5}\n")


def _reconstruction(capture: Capture):
    """The capture as pycolmap's own object: its writer is the independent reference."""
    import pycolmap

    model = pycolmap.Reconstruction()
    camera = pycolmap.Camera(
        model="PINHOLE", width=WIDTH, height=HEIGHT, params=[FX, FY, CX, CY], camera_id=1
    )
    model.add_camera_with_trivial_rig(camera)
    for index, pose in enumerate(capture.world_from_cam):
        points = [pycolmap.Point2D(np.array([x, 2.0 * x])) for x in range(index)]
        image = pycolmap.Image(name=f"{index:03d}.png", camera_id=1, image_id=index + 1)
        image.points2D = pycolmap.Point2DList(points)
        inverse = np.linalg.inv(pose)
        model.add_image_with_trivial_frame(image, pycolmap.Rigid3d(inverse[:3]))
    return model


def write_colmap_binary(root: Path, capture: Capture) -> None:
    _write_colmap_photos(root, capture)
    (root / "sparse" / "0").mkdir(parents=True)
    _reconstruction(capture).write_binary(root / "sparse" / "0")


def write_colmap_text(root: Path, capture: Capture) -> None:
    _write_colmap_photos(root, capture)
    (root / "sparse").mkdir(parents=True)
    _reconstruction(capture).write_text(root / "sparse")


def _write_colmap_photos(root: Path, capture: Capture) -> None:
    for index, photo in enumerate(capture.photos):
        save_photo(root / "images" / f"{index:03d}.png", photo)


@dataclass(frozen=True)
class Writer:
    """How one layout is written and what its reader must call it."""

    write: Callable[[Path, Capture], None]
    layout: str
    units: str
    depth_units_per_metre: float | None
    camera: tuple[str, tuple[float, ...]] = ("PINHOLE", (FX, FY, CX, CY))
    """Model and parameters that the layout can express."""


WRITERS = {
    "capture": Writer(write_capture, "capture", "metre", 1000),
    "nerfstudio": Writer(write_nerfstudio, "nerfstudio", "unknown", None),
    "7scenes": Writer(write_seven_scenes, "7scenes", "metre", 1000),
    "tum": Writer(write_tum, "tum", "metre", 5000),
    "colmap_binary": Writer(write_colmap_binary, "colmap", "unknown", None),
    "colmap_text": Writer(write_colmap_text, "colmap", "unknown", None),
}
