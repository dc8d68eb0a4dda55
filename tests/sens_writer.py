"""`.sens` files as the data set's C++ writer lays them out."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from layout_writers import CX, CY, FX, FY, HEIGHT, WIDTH, Capture

IMU_FRAMES = struct.pack("<Q", 0)
"""Behind the frames; not read."""


def photo_bytes(pixels: np.ndarray) -> bytes:
    """Without loss, so that pixels can be compared; the reader goes by the first bytes."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def sens_header(num_frames: int, **changes) -> bytes:
    values = {"version": 4, "color": 2, "depth": 1, "width": WIDTH, "height": HEIGHT}
    values |= {"units": 1000.0, **changes}
    k = np.eye(4)
    k[:2, :3] = [[FX, 0, CX - 0.5], [0, FY, CY - 0.5]]
    depth_k = np.diag([640 / WIDTH, 480 / HEIGHT, 1.0, 1.0]) @ k
    name = b"StructureSensor"
    return b"".join(
        [
            struct.pack("<IQ", values["version"], len(name)),
            name,
            *(matrix.astype("<f4").tobytes() for matrix in (k, np.eye(4), depth_k, np.eye(4))),
            struct.pack("<2i", values["color"], values["depth"]),
            struct.pack("<4I", WIDTH, HEIGHT, values["width"], values["height"]),
            struct.pack("<fQ", values["units"], num_frames),
        ]
    )


def sens_frame(index: int, photo: np.ndarray, pose: np.ndarray, depth: bytes) -> bytes:
    color = photo_bytes(photo)
    return b"".join(
        [
            pose.astype("<f4").tobytes(),
            struct.pack("<4Q", 1000 * index, 1000 * index + 7, len(color), len(depth)),
            color,
            depth,
        ]
    )


def write_sens(path: Path, capture: Capture, **changes) -> None:
    stored = np.round(capture.depth_m * 1000).astype("<u2")
    stored[0, 0] = 0
    depth = stored.tobytes() if changes.get("depth") == 0 else zlib.compress(stored.tobytes())
    frames = [
        sens_frame(index, photo, pose, depth)
        for index, (photo, pose) in enumerate(
            zip(capture.photos, capture.world_from_cam, strict=True)
        )
    ]
    path.write_bytes(b"".join([sens_header(len(frames), **changes), *frames, IMU_FRAMES]))
