"""Look into a map file: python examples/05_inspect_map.py MAP."""

import json
import sys
from pathlib import Path

import neumap

map_path = Path(sys.argv[1] if len(sys.argv) > 1 else "scene.neumap")
scene_map = neumap.Map.load(map_path)  # verifies every hash

num_bytes = map_path.stat().st_size
print(f"{map_path}: {num_bytes} bytes, lengths in {scene_map.units}")
for part, part_bytes in scene_map.bytes_by_part().items():
    print(f"  {part:<10}{part_bytes:>8} bytes  {part_bytes / num_bytes:>6.1%}")
print(json.dumps(scene_map.header, indent=1))
