"""Bytes that a system on COLMAP with SIFT stores of the same photos, as hloc-like ones do.

As hloc does where poses are known: SIFT of every photo, matches between neighbours in the path
(all pairs of small sets), and points triangulated with the poses kept fixed.

    python -m benchmarks.colmap_store --folder ../shared/data/fox --out OUT.json
"""

import json
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pycolmap
import tyro

from neumap.images import PosedImage, read_images
from neumap.images.sfm import MAX_EXHAUSTIVE, SEQUENTIAL_OVERLAP

_NUM_MAPPED = {"redkitchen": 700}  # the other frames are queries


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure."""

    folder: Path
    """Folder of a set with poses."""
    out: Path
    """JSON file; other sets in it stay."""


def stored_bytes(folder: Path, workspace: Path) -> dict[str, int]:
    """Triangulate and count points, images and the descriptors of all key-points.

    A descriptor has 128 bytes, as COLMAP stores it; a database of float32 is four times as large.
    """
    images = read_images(folder).images[: _NUM_MAPPED.get(folder.name)]
    root = Path(images[0].path.parents[len(Path(images[0].name).parts) - 1])
    database = workspace / "features.db"
    _match(database, root, [image.name for image in images])
    model = workspace / "model"
    model.mkdir()
    known = _with_given_poses(database, images)
    pycolmap.triangulate_points(known, database, root, model).write_binary(model)
    with closing(sqlite3.connect(database)) as connection:
        query = "SELECT SUM(rows), SUM(LENGTH(data)) FROM descriptors"
        num_key_points, descriptor_bytes = connection.execute(query).fetchone()
    sizes = {name: (model / f"{name}.bin").stat().st_size for name in ("points3D", "images")}
    return {
        "num_photos": len(images),
        "num_key_points": int(num_key_points),
        "points3D_bytes": sizes["points3D"],
        "images_bytes": sizes["images"],
        "descriptors_bytes": int(descriptor_bytes),
        "total_bytes": sum(sizes.values()) + int(descriptor_bytes),
    }


def _match(database: Path, photos: Path, names: list[str]) -> None:
    """Describe and match photos on the processor."""
    extraction, matching = pycolmap.FeatureExtractionOptions(), pycolmap.FeatureMatchingOptions()
    extraction.use_gpu = matching.use_gpu = False
    pinhole = pycolmap.ImageReaderOptions()
    pinhole.camera_model = "PINHOLE"  # the model of the sets' cameras, as poses are given with
    pycolmap.extract_features(
        database,
        photos,
        image_names=names,
        camera_mode=pycolmap.CameraMode.PER_IMAGE,
        reader_options=pinhole,
        extraction_options=extraction,
    )
    if len(names) <= MAX_EXHAUSTIVE:
        pycolmap.match_exhaustive(database, matching_options=matching)
        return
    pairing = pycolmap.SequentialPairingOptions()
    pairing.overlap = SEQUENTIAL_OVERLAP
    pycolmap.match_sequential(database, matching_options=matching, pairing_options=pairing)


def _with_given_poses(database: Path, images: tuple[PosedImage, ...]) -> pycolmap.Reconstruction:
    """The database's photos with the cameras and poses of the set, without points."""
    by_name = {image.name: image for image in images}
    known = pycolmap.Reconstruction()
    with pycolmap.Database.open(database) as opened:
        cameras = {camera.camera_id: camera for camera in opened.read_all_cameras()}
        for image in opened.read_all_images():
            given = by_name[image.name]
            assert given.cam_from_world is not None  # the sets have a pose for every frame
            camera = cameras[image.camera_id]  # each photo has its own
            camera.params = list(given.camera.params)
            known.add_camera_with_trivial_rig(camera)
            pose = pycolmap.Rigid3d(given.cam_from_world.matrix[:3])
            known.add_image_with_trivial_frame(image, pose)
    return known


def known_stores(results: Path) -> dict[str, dict[str, int]]:
    """Return what was measured, by the name of the set."""
    return json.loads(results.read_text())["sets"] if results.exists() else {}


def measure(folder: Path, results: Path) -> dict[str, int]:
    """Measure a set and add it to the results."""
    with tempfile.TemporaryDirectory(prefix="neumap-colmap-") as workspace:
        row = stored_bytes(folder, Path(workspace))
    content = {
        "sets": {**known_stores(results), folder.name: row},
        "command": "python -m benchmarks.colmap_store --folder FOLDER --out OUT",
    }
    results.write_text(json.dumps(content, indent=1) + "\n")
    return row


def main(options: Options) -> None:
    """Measure and write."""
    print(measure(options.folder, options.out))


if __name__ == "__main__":
    main(tyro.cli(Options))
