"""Map a capture and print where the bytes and the time go: python examples/02_map.py SCENE MAP.

SCENE is a folder made by 01_make_scene.py, or any capture with posed photos.
"""

import sys
from pathlib import Path

import neumap
from neumap.images import Split
from neumap.images.detect import read_images

scene = Path(sys.argv[1] if len(sys.argv) > 1 else "scene")
map_path = Path(sys.argv[2] if len(sys.argv) > 2 else "scene.neumap")

image_set = read_images(scene)
given = scene / "split.json"
split = Split.read(given) if given.exists() else Split.of(image_set)
mapped, queries = split.apply(image_set)

scene_map = neumap.map_scene(
    image_set, split_names=tuple(image.name for image in mapped), budget_bytes=28_000, seed=0
)
scene_map.save(map_path)

print(f"{map_path}: {map_path.stat().st_size} bytes, {len(mapped)} photos, {len(queries)} left out")
for part, num_bytes in scene_map.bytes_by_part().items():
    print(f"  {part}: {num_bytes} bytes")
for stage, seconds in scene_map.stage_seconds.items():
    print(f"  {stage}: {seconds:.1f} s")
