"""A small capture in any layout, for the reader tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark_writers import BENCHMARK_WRITERS
from layout_writers import WRITERS, Capture, make_capture


@pytest.fixture(scope="session")
def synthetic_capture() -> Capture:
    return make_capture()


@pytest.fixture
def write_layout(tmp_path: Path, synthetic_capture: Capture) -> Callable[[str], Path]:
    """Write the capture in the named layout and return its folder."""

    def write(name: str) -> Path:
        root = tmp_path / name
        root.mkdir()
        {**WRITERS, **BENCHMARK_WRITERS}[name].write(root, synthetic_capture)
        return root

    return write
