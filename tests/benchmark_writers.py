"""The synthetic capture in the layouts of benchmark data sets and of telephone exports.

File names, line formats and units are those of the originals; photos under a .jpg name are stored
without loss, so that pixels can be compared.
"""

import json
import pickle
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

from layout_writers import (
    CX,
    CY,
    FX,
    FY,
    HEIGHT,
    WIDTH,
    Capture,
    Writer,
    save_depth,
    save_photo,
    save_pose,
    write_colmap_text,
)

CENTRED = ("SIMPLE_PINHOLE", (FX, WIDTH / 2, HEIGHT / 2))
"""Camera of layouts that state one focal length and no principal point."""
T_BS = np.eye(4)
T_BS[:3, :3] = Rotation.from_rotvec([0.1, -0.2, 1.5]).as_matrix()
T_BS[:3, 3] = [-0.02, -0.06, 0.01]
FIRST_NS = 1403636579763555584


def save_exact(path: Path, pixels: np.ndarray) -> None:
    """Store without loss whatever the suffix: the reader goes by the first bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, format="PNG")


def text(values) -> str:
    return " ".join(f"{value:.15g}" for value in values)


def quat_wxyz(rotation: np.ndarray) -> np.ndarray:
    return Rotation.from_matrix(rotation).as_quat(scalar_first=True)


def nvm_line(name: str, world_from_cam: np.ndarray, focal_px: float, r: float) -> str:
    numbers = (*quat_wxyz(world_from_cam[:3, :3].T), *world_from_cam[:3, 3])
    return f"{name} {focal_px:.11f} {text(numbers)} {r:.15g} 0 "


def nvm_text(lines, *, half_size) -> str:
    """A model with one point, seen near both corners of each photo, and the empty end."""
    x, y = half_size[0] - 0.5, half_size[1] - 0.5
    seen = " ".join(f"{i} {i} {sign * x} {sign * y}" for i in range(len(lines)) for sign in (-1, 1))
    point = f"1.5 -0.2 4 64 57 51 {2 * len(lines)} {seen} "
    head = ["NVM_V3 ", "", str(len(lines)), *lines]
    return "\n".join([*head, "", "1", point, "", "", "", "0", "", "#the last part", "0", ""])


def frames_of(capture: Capture):
    return enumerate(zip(capture.photos, capture.world_from_cam, strict=True))


def write_nvm(root: Path, capture: Capture) -> None:
    lines = []
    for index, (photo, pose) in frames_of(capture):
        save_exact(root / f"img{index:04d}.jpg", photo)
        lines.append(nvm_line(f"img{index:04d}.jpg", pose, FX, 0.0))
    content = nvm_text(lines, half_size=(WIDTH / 2, HEIGHT / 2))
    (root / "model.nvm").write_text(content)


def write_cambridge(root: Path, capture: Capture) -> None:
    heading = ["Visual Landmark Dataset V1", "ImageFile, Camera Position [X Y Z W P Q R]", ""]
    lists: dict[str, list[str]] = {"train": [*heading], "test": [*heading]}
    lines = []
    for index, (photo, pose) in frames_of(capture):
        part, sequence = ("train", "seq1") if index < 4 else ("test", "seq2")
        name = f"{sequence}/frame{index + 1:05d}"
        save_photo(root / f"{name}.png", photo)
        lists[part].append(f"{name}.png {text((*pose[:3, 3], *quat_wxyz(pose[:3, :3].T)))}")
        lines.append(nvm_line(f"{name}.jpg", pose, FX, 0.0))
    for part, entries in lists.items():
        (root / f"dataset_{part}.txt").write_text("\n".join(entries) + "\n")
    content = nvm_text(lines, half_size=(WIDTH / 2, HEIGHT / 2))
    (root / "reconstruction.nvm").write_text(content)


def write_pseudo_truth(root: Path, capture: Capture) -> None:
    lists: dict[str, list[str]] = {"train": [], "test": []}
    for index, (photo, pose) in frames_of(capture):
        name = f"seq-{1 + index // 3:02d}/frame-{index:06d}"
        save_photo(root / f"{name}.color.png", photo)
        save_depth(root / f"{name}.depth.png", capture.depth_m, 1000)
        save_pose(root / f"{name}.pose.txt", pose + 0.01)  # the other ground truth
        inverse = np.linalg.inv(pose)
        numbers = (*quat_wxyz(inverse[:3, :3]), *inverse[:3, 3], FX)
        lists["train" if index < 3 else "test"].append(f"{name}.color.png {text(numbers)}")
    for part, entries in lists.items():
        (root / f"chess_{part}.txt").write_text("\n".join(entries) + "\n")


def write_twelve_scenes(root: Path, capture: Capture) -> None:
    for index, (photo, pose) in frames_of(capture):
        stem = root / "data" / f"frame-{index:06d}"
        save_exact(stem.with_suffix(".color.jpg"), photo)
        save_depth(stem.with_suffix(".depth.png"), capture.depth_m, 1000)
        save_pose(stem.with_suffix(".pose.txt"), pose)
    k = text((FX, 0, CX - 0.5, 0, 0, FY, CY - 0.5, 0, 0, 0, 1, 0, 0, 0, 0, 1))
    identity = text(np.eye(4).ravel())
    (root / "info.txt").write_text(
        f"m_versionNumber = 4\nm_sensorName = StructureSensor\nm_colorWidth = {WIDTH}\n"
        f"m_colorHeight = {HEIGHT}\nm_depthWidth = {WIDTH}\nm_depthHeight = {HEIGHT}\n"
        f"m_depthShift = 1000\nm_calibrationColorIntrinsic = {k}\n"
        f"m_calibrationColorExtrinsic = {identity}\nm_calibrationDepthIntrinsic = {k}\n"
        f"m_calibrationDepthExtrinsic = {identity}\nm_frames.size = {len(capture.photos)}\n"
    )
    (root / "split.txt").write_text(
        "sequence0 [frames=2]  [start=0 ; end=1]\nsequence1 [frames=4]  [start=2 ; end=5]\n"
    )


def write_rio10(root: Path, capture: Capture) -> None:
    for index, (photo, pose) in frames_of(capture):
        stem = root / f"seq02_{1 + index // 3:02d}" / f"frame-{index:06d}"
        save_exact(stem.with_suffix(".color.jpg"), photo)
        save_depth(stem.with_suffix(".rendered.depth.png"), capture.depth_m, 1000)
        save_pose(stem.with_suffix(".pose.txt"), pose)
    k = text((FX, FY, CX, CY))
    (root / "intrinsics.txt").write_text(f"seq02_01 {k}\nseq02_02 {k}\n")


def write_scannet(root: Path, capture: Capture) -> None:
    for folder in ("pose", "intrinsic"):
        (root / folder).mkdir(parents=True)
    for index, (photo, pose) in frames_of(capture):
        save_exact(root / "color" / f"{index}.jpg", photo)
        save_depth(root / "depth" / f"{index}.png", capture.depth_m, 1000)
        save_pose(root / "pose" / f"{index}.txt", pose)
    k = np.eye(4)
    k[:2, :3] = [[FX, 0, CX - 0.5], [0, FY, CY - 0.5]]
    depth_k = np.diag([640 / WIDTH, 480 / HEIGHT, 1.0, 1.0]) @ k
    for name, matrix in (("color", k), ("depth", depth_k)):
        save_pose(root / "intrinsic" / f"intrinsic_{name}.txt", matrix)
        save_pose(root / "intrinsic" / f"extrinsic_{name}.txt", np.eye(4))


def write_indoor6(root: Path, capture: Capture) -> None:
    """Four photos to map, two queries; the split is a pickle, as the data set has it."""
    (root / "images").mkdir()
    for index, (photo, pose) in frames_of(capture):
        stem = root / "images" / f"image-{index:06d}"
        save_exact(stem.with_suffix(".color.jpg"), photo)
        rows = "\n".join(text(row) for row in np.linalg.inv(pose)[:3])
        stem.with_suffix(".pose.txt").write_text(rows + "\n")
        line = f"{WIDTH} {HEIGHT} {FX} {CX} {CY} 0.0 session1-frame{index:05d}.jpg"
        stem.with_suffix(".intrinsics.txt").write_text(line + "\n")
    names = [f"image-{index:06d}.color.jpg" for index in range(len(capture.photos))]
    split = {"train": names[:4], "train_idx": [0, 1, 2, 3]}
    split |= {"val": [], "val_idx": [], "test": names[4:], "test_idx": [4, 5]}
    (root / "train_test_val.pkl").write_bytes(pickle.dumps(split))


def write_arkitscenes(root: Path, capture: Capture) -> None:
    """Names of intrinsics differ by a millisecond from those of photos, as in the data set."""
    lines = []
    (root / "lowres_wide_intrinsics").mkdir()
    for index, (photo, pose) in frames_of(capture):
        time_s = 6845.706 + 0.1 * index
        save_photo(root / "lowres_wide" / f"40753679_{time_s:.3f}.png", photo)
        save_depth(root / "lowres_depth" / f"40753679_{time_s:.3f}.png", capture.depth_m, 1000)
        k = text((WIDTH, HEIGHT, FX, FY, CX - 0.5, CY - 0.5))
        name = f"40753679_{time_s + 0.001 * (index % 3 - 1):.3f}.pincam"
        (root / "lowres_wide_intrinsics" / name).write_text(f"{k}\n")
        inverse = np.linalg.inv(pose)
        rotvec = Rotation.from_matrix(inverse[:3, :3]).as_rotvec()
        lines.append(f"{time_s + 0.0004:.8f} {text((*rotvec, *inverse[:3, 3]))}")
    (root / "lowres_wide.traj").write_text("\n".join(lines) + "\n")


def write_euroc(root: Path, capture: Capture) -> None:
    photos, truth = ["#timestamp [ns],filename"], ["#timestamp, p_RS_R_x [m], p_RS_R_y [m], ..."]
    for index, (photo, pose) in frames_of(capture):
        time_ns = FIRST_NS + 50_000_000 * index
        save_photo(root / f"mav0/cam0/data/{time_ns}.png", photo)
        photos.append(f"{time_ns},{time_ns}.png")
        world_from_body = pose @ np.linalg.inv(T_BS)
        numbers = (*world_from_body[:3, 3], *quat_wxyz(world_from_body[:3, :3]), *[0.0] * 9)
        # three poses that do not turn, so that the one of the photo is between two others
        for offset_ns in (-5_000_000, 0, 5_000_000):
            line = ",".join(f"{value:.15f}" for value in numbers)
            truth.append(f"{time_ns + offset_ns},{line}")
    state = root / "mav0/state_groundtruth_estimate0"
    state.mkdir(parents=True)
    (root / "mav0/cam0/data.csv").write_text("\n".join(photos) + "\n")
    (state / "data.csv").write_text("\n".join(truth) + "\n")
    rows = ",\n         ".join(", ".join(f"{v:.15f}" for v in row) for row in T_BS)
    (root / "mav0/cam0/sensor.yaml").write_text(
        "# General sensor definitions.\nsensor_type: camera\ncomment: VI-Sensor cam0\n\n"
        "# Sensor extrinsics wrt. the body-frame.\nT_BS:\n  cols: 4\n  rows: 4\n"
        f"  data: [{rows}]\n\n# Camera specific definitions.\nrate_hz: 20\n"
        f"resolution: [{WIDTH}, {HEIGHT}]\ncamera_model: pinhole\n"
        f"intrinsics: [{FX}, {FY}, {CX - 0.5}, {CY - 0.5}] #fu, fv, cu, cv\n"
        "distortion_model: radial-tangential\n"
        "distortion_coefficients: [0.0, 0.0, 0.0, 0.0]\n"
    )


def write_polycam(root: Path, capture: Capture) -> None:
    (root / "keyframes" / "cameras").mkdir(parents=True)
    for index, (photo, pose) in frames_of(capture):
        stem = str(262195552056 + index)
        save_exact(root / "keyframes" / "images" / f"{stem}.jpg", photo)
        save_depth(root / "keyframes" / "depth" / f"{stem}.png", capture.depth_m, 1000)
        arkit = pose @ np.diag([1.0, -1.0, -1.0, 1.0])
        content = {
            f"t_{row}{column}": arkit[row, column] for row in range(3) for column in range(4)
        }
        content |= {"fx": FX, "fy": FY, "cx": CX, "cy": CY, "width": WIDTH, "height": HEIGHT}
        content |= {"blur_score": 165.7, "timestamp": 262195552056 + index}
        (root / "keyframes" / "cameras" / f"{stem}.json").write_text(json.dumps(content))


def write_record3d(root: Path, capture: Capture) -> None:
    poses = []
    for index, (photo, pose) in frames_of(capture):
        save_exact(root / "rgb" / f"{index}.jpg", photo)
        arkit = pose @ np.diag([1.0, -1.0, -1.0, 1.0])
        quat_xyzw = Rotation.from_matrix(arkit[:3, :3]).as_quat()
        poses.append([*quat_xyzw, *arkit[:3, 3]])
    k_by_columns = [FX, 0.0, 0.0, 0.0, FY, 0.0, CX, CY, 1.0]
    content = {"w": WIDTH, "h": HEIGHT, "fps": 60, "K": k_by_columns, "poses": poses}
    (root / "metadata.json").write_text(json.dumps(content))


def write_dsacstar(root: Path, capture: Capture) -> None:
    for index, (photo, pose) in frames_of(capture):
        part = root / ("test" if index < 2 else "train")
        stem = f"frame-{index:06d}"
        save_photo(part / "rgb" / f"{stem}.color.png", photo)
        save_depth(part / "depth" / f"{stem}.depth.png", capture.depth_m, 1000)
        for folder in ("poses", "calibration"):
            (part / folder).mkdir(exist_ok=True)
        save_pose(part / "poses" / f"{stem}.pose.txt", pose)
        k = f"{FX} 0 {CX}\n0 {FY} {CY}\n0 0 1\n"
        (part / "calibration" / f"{stem}.calibration.txt").write_text(k)


def write_kapture(root: Path, capture: Capture) -> None:
    """Four photos to map and two queries, in the layout of the NAVER LABS data sets."""
    parts = (("mapping", range(4)), ("validation", range(4, len(capture.photos))))
    for part, indices in parts:
        sensors = root / part / "sensors"
        sensors.mkdir(parents=True)
        records, poses = ["# timestamp, device_id, image_path"], ["# timestamp, device_id, qw, ..."]
        for index in indices:
            save_exact(
                sensors / "records_data" / "cam_0" / f"{index:05d}.jpg", capture.photos[index]
            )
            records.append(f"{1560000000000 + index}, cam_0, cam_0/{index:05d}.jpg")
            inverse = np.linalg.inv(capture.world_from_cam[index])
            numbers = (*quat_wxyz(inverse[:3, :3]), *inverse[:3, 3])
            line = ", ".join(f"{value:.15f}" for value in numbers)
            poses.append(f"{1560000000000 + index}, cam_0, {line}")
        camera = f"cam_0, GT1, camera, PINHOLE, {WIDTH}, {HEIGHT}, {FX}, {FY}, {CX}, {CY}"
        heads = {
            "sensors": ["# sensor_device_id, name, sensor_type, ...", camera, "lidar0, , lidar"],
            "records_camera": records,
            "trajectories": poses,
        }
        for name, lines in heads.items():
            content = "\n".join(["# kapture format: 1.1", *lines]) + "\n"
            (sensors / f"{name}.txt").write_text(content)


def write_aachen(root: Path, capture: Capture) -> None:
    """The model of v1.1 in 3D-models/aachen_v_1_1 and query lists without a query."""
    write_colmap_text(root, capture)
    (root / "3D-models").mkdir()
    (root / "sparse").rename(root / "3D-models" / "aachen_v_1_1")
    (root / "images").rename(root / "images_upright")
    (root / "queries").mkdir()
    for time in ("day", "night"):
        (root / "queries" / f"{time}_time_queries_with_intrinsics.txt").write_text("")


BENCHMARK_WRITERS = {
    "nvm": Writer(write_nvm, "nvm", "unknown", None, CENTRED),
    "cambridge": Writer(write_cambridge, "cambridge", "metre", None, CENTRED),
    "pseudo-truth": Writer(write_pseudo_truth, "pseudo-truth", "metre", None, CENTRED),
    "12scenes": Writer(write_twelve_scenes, "12scenes", "metre", 1000),
    "rio10": Writer(write_rio10, "rio10", "metre", 1000),
    "scannet": Writer(write_scannet, "scannet", "metre", 1000),
    "indoor6": Writer(write_indoor6, "indoor6", "metre", None, ("SIMPLE_PINHOLE", (FX, CX, CY))),
    "euroc": Writer(write_euroc, "euroc", "metre", None),
    "arkitscenes": Writer(write_arkitscenes, "arkitscenes", "metre", 1000),
    "polycam": Writer(write_polycam, "polycam", "metre", 1000),
    "record3d": Writer(write_record3d, "record3d", "metre", None),
    "dsacstar": Writer(write_dsacstar, "dsacstar", "metre", 1000),
    "kapture": Writer(write_kapture, "kapture", "metre", None),
    "aachen": Writer(write_aachen, "aachen", "metre", None),
}
