"""Make a rendered room with exact depth and poses: python examples/01_make_scene.py FOLDER."""

import sys
from pathlib import Path

from neumap.rendering import CaptureSpec, build_room, write_capture

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "scene")
spec = CaptureSpec(width=320, height=240, num_map=24, num_query=6)
write_capture(folder, build_room, spec, seed=0)
print(f"{folder}: {spec.num_map} photos to map, {spec.num_query} queries")
