"""The codes of one voxel, read from a map without those of the others."""

from pathlib import Path

import numpy as np

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.map_file import read_first_part, read_span
from neumap.codes.voxel_table import VoxelTable
from neumap.errors import MapFileError


def read_voxel(path: Path, voxel: int) -> AnchoredCodes:
    """Return the codes of a voxel (in the order of the table) of an anchored map.

    Header and table are verified by their SHA-256, the voxel by its own check of 4 bytes; nothing
    else of the file is read. Raises MapFileError on damage and on a map without a table of
    voxels, ValueError on a voxel that is not there.
    """
    header, name, array = read_first_part(path)
    try:
        if name != "tables":
            raise ValueError("the map has no table of voxels")
        table = VoxelTable.from_bytes(array.tobytes())
    except ValueError as error:
        raise MapFileError(str(path), str(error), "Load the whole map.") from error
    if not 0 <= voxel < len(table.cells):
        raise ValueError(f"voxel {voxel} is not one of {len(table.cells)}")
    stream = read_span(path, "codes", table.span_of(voxel))
    try:
        return AnchoredCodes.from_streams(
            [table.checked(voxel, stream)],
            cells=table.cells[voxel : voxel + 1],
            layout=header["layout"],
            origin=np.array(header["origin"], dtype=np.float64),
        )
    except ValueError as error:
        raise MapFileError(str(path), str(error), "Copy or build the map again.") from error
