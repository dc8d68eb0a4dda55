"""Poses photos by structure from motion, as a process of its own.

pycolmap ends the whole process on errors in its worker threads, so `sfm` runs this module with
`python -m neumap.images.sfm_worker JOB.json`.  The job file holds `photos` (folder), `names`,
`workspace`, `single_camera`, `sequential_overlap` (0: match every pair) and `seed`; the best model
is written to WORKSPACE/model. Nothing imports this module, so that `-m` loads it once.
"""

import sys
from pathlib import Path

from neumap.images.input_json import read_json_object

MAX_IMAGE_SIDE_PX = 1600
"""Photos are reduced to this side for feature detection; key-points stay in stored pixels."""


def main(job_file: str) -> int:
    """Run extraction, matching and incremental mapping; exit code 3 if no model results."""
    import pycolmap  # not on every platform, and slow to import

    job = read_json_object(Path(job_file))
    photos, workspace = Path(job["photos"]), Path(job["workspace"])
    names: list[str] = list(job["names"])
    database = workspace / "features.db"
    pycolmap.set_random_seed(int(job["seed"]))
    mode = pycolmap.CameraMode.SINGLE if job["single_camera"] else pycolmap.CameraMode.PER_IMAGE
    extraction = pycolmap.FeatureExtractionOptions()
    extraction.max_image_size = MAX_IMAGE_SIDE_PX
    extraction.use_gpu = False
    pycolmap.extract_features(
        database, photos, image_names=names, camera_mode=mode, extraction_options=extraction
    )
    matching = pycolmap.FeatureMatchingOptions()
    matching.use_gpu = False
    overlap = int(job["sequential_overlap"])
    if overlap == 0:
        pycolmap.match_exhaustive(database, matching_options=matching)
    else:
        pairing = pycolmap.SequentialPairingOptions()
        pairing.overlap = overlap
        pycolmap.match_sequential(database, matching_options=matching, pairing_options=pairing)
    options = pycolmap.IncrementalPipelineOptions()
    options.random_seed = int(job["seed"])
    options.min_model_size = 3
    models = pycolmap.incremental_mapping(database, photos, workspace / "models", options)
    if not models:
        return 3
    best = max(models.values(), key=lambda model: model.num_reg_images())
    (workspace / "model").mkdir(exist_ok=True)
    best.write_binary(workspace / "model")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
