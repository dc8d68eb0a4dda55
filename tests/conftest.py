"""Fixtures that several test folders share."""

from pathlib import Path

import pytest

from neumap.rendering import CaptureSpec, build_room, write_capture


@pytest.fixture(scope="session")
def room_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered room on disk: 24 photos to map, 6 queries, 320 x 240, exact depth and poses."""
    folder = tmp_path_factory.mktemp("room_capture")
    spec = CaptureSpec(
        width=320, height=240, num_map=24, num_query=6, query_night_share=0.0, moved_share=0.0
    )
    write_capture(folder, build_room, spec, seed=1)
    return folder
