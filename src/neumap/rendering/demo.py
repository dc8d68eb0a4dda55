"""The embedded scene of `neumap demo`: a furnished room, mapped by day, queried in other light."""

from pathlib import Path

from neumap.rendering.capture import CaptureSpec, write_capture
from neumap.rendering.room import build_room

DEMO_SPEC = CaptureSpec(
    width=480, height=360, num_map=40, num_query=10, query_night_share=0.6, moved_share=0.3
)


def demo_capture(folder: Path, seed: int = 0) -> None:
    """Write the demo's capture: 40 photos to map, 10 queries, 480 x 360, with exact depth."""
    write_capture(folder, build_room, DEMO_SPEC, seed=seed)
