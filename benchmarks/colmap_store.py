"""Bytes that a system on COLMAP with SIFT stores of the same photos, as hloc-like ones do.

python -m benchmarks.colmap_store --photos ../shared/data/fox/images --name fox --out OUT.json
"""

import json
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import tyro

from neumap.images.sfm import pose_photos


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure."""

    photos: Path
    """Folder of photos."""
    name: str
    """Name of the set in the file."""
    out: Path
    """JSON file; other sets in it stay."""


def stored_bytes(photos: Path, workspace: Path) -> dict[str, int]:
    """Run structure from motion and count points, images and descriptors of all key-points.

    A descriptor has 128 bytes, as COLMAP stores it; a database of float32 is four times as large.
    """
    image_set = pose_photos(photos, workspace=workspace)
    with closing(sqlite3.connect(workspace / "features.db")) as database:
        query = "SELECT SUM(rows), SUM(LENGTH(data)) FROM descriptors"
        num_key_points, descriptor_bytes = database.execute(query).fetchone()
    model = {
        name: (workspace / "model" / f"{name}.bin").stat().st_size
        for name in ("points3D", "images")
    }
    return {
        "num_photos": len(image_set.images),
        "num_key_points": int(num_key_points),
        "points3D_bytes": model["points3D"],
        "images_bytes": model["images"],
        "descriptors_bytes": int(descriptor_bytes),
        "total_bytes": sum(model.values()) + int(descriptor_bytes),
    }


def main(options: Options) -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory(prefix="neumap-colmap-") as workspace:
        row = stored_bytes(options.photos, Path(workspace))
    known = json.loads(options.out.read_text())["sets"] if options.out.exists() else {}
    content = {
        "command": "python -m benchmarks.colmap_store --photos PHOTOS --name NAME --out OUT",
        "sets": {**known, options.name: row},
    }
    options.out.write_text(json.dumps(content, indent=1) + "\n")
    print(row)


if __name__ == "__main__":
    main(tyro.cli(Options))
