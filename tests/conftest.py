"""Fixtures that several test folders share."""

from pathlib import Path

import pytest

from room import write_room


@pytest.fixture(scope="session")
def room_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered room on disk: 24 photos to map, 6 queries, 320 x 240, exact depth and poses."""
    folder = tmp_path_factory.mktemp("room_capture")
    write_room(folder)
    return folder
