"""A `.sens` file -> the exported frames of ScanNet, as the data set's SensReader writes them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float32
from PIL import Image

from neumap.errors import DataError
from neumap.extraction.sens_file import SensHeader, open_sens

DEPTH_UNITS_PER_METRE = 1000.0
"""Of exported depth pictures."""


def extract_sens(
    path: Path, folder: Path, *, every: int, progress: Callable[[int, int], None]
) -> int:
    """Write every n-th frame of a file into an empty folder and return how many.

    Frames keep their numbers, colour its bytes and poses all their digits. `progress` takes
    (frames done, frames). Raises DataError on a malformed file or if it holds no frame, OSError
    where the folder cannot be written.
    """
    for name in ("color", "depth", "pose", "intrinsic"):
        (folder / name).mkdir()
    num_frames = 0
    with open_sens(path) as sens:
        header = sens.header
        _require_millimetres(path, header)
        for name, matrix in header.matrices.items():
            _write_matrix(folder / "intrinsic" / f"{name}.txt", matrix)
        for frame in sens.frames(every=every):
            suffix = header.color_suffix
            (folder / "color" / f"{frame.number}{suffix}").write_bytes(frame.color)
            Image.fromarray(frame.depth).save(folder / "depth" / f"{frame.number}.png")
            _write_matrix(folder / "pose" / f"{frame.number}.txt", frame.world_from_cam)
            num_frames += 1
            progress(frame.number + 1, header.num_frames)
    if num_frames == 0:
        raise DataError(str(path), "holds no frame", "Supply a recording with frames.")
    return num_frames


def _require_millimetres(path: Path, header: SensHeader) -> None:
    if header.depth_units_per_metre != DEPTH_UNITS_PER_METRE:
        raise DataError(
            f"{path}, header",
            f"states {header.depth_units_per_metre:g} units of depth in a metre, "
            f"the exported layout has {DEPTH_UNITS_PER_METRE:g}",
            "Supply a .sens file of ScanNet.",
        )


def _write_matrix(path: Path, matrix: Float32[np.ndarray, "4 4"]) -> None:
    # str of a float32 has the fewest digits that are read back as the same float32
    path.write_text("".join(" ".join(str(value) for value in row) + "\n" for row in matrix))
