"""Score a map on photos it has not seen: python examples/04_evaluate.py MAP SCENE OUT_FOLDER."""

import sys
from pathlib import Path

import neumap
from neumap.evaluation import EvaluationFiles, MapFacts, evaluate_localizer
from neumap.images import Split
from neumap.images.detect import read_images

map_path, scene, out = (Path(argument) for argument in sys.argv[1:4])
out.mkdir(parents=True, exist_ok=True)

scene_map = neumap.Map.load(map_path)
image_set = read_images(scene)
given = scene / "split.json"
summary = evaluate_localizer(
    scene_map,
    image_set,
    Split.read(given) if given.exists() else Split.of(image_set),
    files=EvaluationFiles(
        predictions=out / "predictions.jsonl",
        figures=out / "figures.json",
        report=out / "report.html",
    ),
    facts=MapFacts(title=map_path.name, num_bytes=map_path.stat().st_size),
)

print(f"{summary.num_queries} queries, {summary.num_failed} failed")
print(f"median position error {summary.position_percentiles[50]:.4f} ({summary.units})")
print(f"median rotation error {summary.rotation_percentiles_deg[50]:.3f} deg")
print(f"report: {out / 'report.html'}")
