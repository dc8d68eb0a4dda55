"""Find where photos were taken: python examples/03_localize.py MAP PHOTO...

Without a camera the focal length comes from the photo's EXIF block, or is estimated.
"""

import sys
from pathlib import Path

import neumap

map_path, *photos = (Path(argument) for argument in sys.argv[1:])
scene_map = neumap.Map.load(map_path)
for photo in photos:
    result = scene_map.localize(photo)
    if isinstance(result, neumap.PoseFailure):
        print(f"{photo.name}: not localised, {result.reason}")
        continue
    x, y, z = result.cam_from_world.center_in_source
    print(
        f"{photo.name}: camera at {x:.3f} {y:.3f} {z:.3f} ({scene_map.units}), "
        f"{result.num_inliers} inliers, focal length {result.camera.focal_px:.0f} px"
    )
