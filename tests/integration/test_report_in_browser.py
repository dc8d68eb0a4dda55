"""The report in a real browser, without a network; skipped where PyQt6-WebEngine cannot run."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumap.evaluation import (
    EvaluationFiles,
    MapFacts,
    SceneReport,
    evaluate_scene,
    render_report,
)
from neumap.evaluation.benchmark_report import BenchmarkRow, render_benchmark_report
from neumap.geometry import Camera, RigidTransform
from neumap.images import ImageSet, PosedImage, Split
from neumap.pose import Correspondences, PoseEstimate, PoseFailure

BROWSER = Path(__file__).parents[1] / "browser_view.py"
CAMERA = Camera.pinhole(160, 120, fx=150.0, fy=150.0, cx=80.0, cy=60.0)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _browser():
    """Skip where the package, or a library of the system that it needs, is absent."""
    done = subprocess.run(
        [sys.executable, "-c", "import PyQt6.QtWebEngineWidgets"], capture_output=True, text=True
    )
    if done.returncode != 0:
        pytest.skip(f"no browser: {done.stderr.splitlines()[-1]}")


class _Nearly:
    """Finds every photo but the first within a few centimetres."""

    def __init__(self, image_set: ImageSet) -> None:
        self.images = {image.path: image for image in image_set.images}

    def localize(self, photo, *, camera=None):
        image = self.images[photo]
        if image.name.startswith("0"):
            return PoseFailure("too few points of the map were found", 9, 3)
        rng = np.random.default_rng(int(image.name[0]))
        xyz = rng.uniform([-1.2, -0.9, 3.0], [1.2, 0.9, 5.0], (40, 3))
        pose = image.cam_from_world
        moved = RigidTransform(pose.rotation, pose.translation + rng.normal(0, 0.03, 3))
        pairs = Correspondences(
            CAMERA.img_from_cam(xyz), pose.inverse().apply(xyz), np.linspace(1, 0, 40)
        )
        return PoseEstimate(moved, CAMERA, pairs, np.ones(40, bool), rng.uniform(0, 8, 40))


def _scene(folder: Path) -> SceneReport:
    folder.mkdir()
    rng = np.random.default_rng(0)
    images = []
    for idx in range(8):
        path = folder / f"{idx}_with_a_rather_long_name_of_a_photo_file.png"
        Image.fromarray(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)).save(path)
        pose = RigidTransform(np.eye(3), np.array([0.3 * idx, 0.0, 0.1 * idx**2]))
        images.append(PosedImage(path.name, path, CAMERA, pose))
    image_set = ImageSet(folder, "made", "ours", "metre", tuple(images))
    names = tuple(image.name for image in images)
    return evaluate_scene(
        *(_Nearly(image_set), image_set, Split((), names)),
        files=EvaluationFiles(folder / "p.jsonl", folder / "figures.json"),
        facts=MapFacts(f"map of {folder.name}", num_bytes=28_000),
    )


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> list[SceneReport]:
    root = tmp_path_factory.mktemp("scenes")
    return [_scene(root / "hall"), _scene(root / "room")]


@pytest.fixture(scope="module")
def page(scenes, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "report.html"
    path.write_text(render_report("Two scenes", scenes))
    return path


@pytest.fixture(scope="module")
def benchmark_page(scenes, tmp_path_factory) -> Path:
    rows = [
        BenchmarkRow(
            scene=scene.summary.scene,
            method=method,
            budget_bytes=budget_bytes,
            map_bytes=budget_bytes or 900_000,
            mapping_seconds=12.0,
            summary=scene.summary,
            evidence=scene.evidence,
        )
        for scene in scenes
        for method, budget_bytes in (
            *(("neumap", 4200), ("yardstick", 4200), ("neumap", 28_000)),
            *(("a-method-with-a-long-name", 28_000), ("full-precision", None)),
        )
    ]
    path = tmp_path_factory.mktemp("pages") / "benchmark.html"
    path.write_text(render_benchmark_report("A benchmark", rows))
    return path


def _shown(page: Path, screenshot: Path, *, width_px: int, mode: str) -> tuple[dict, np.ndarray]:
    """Return what the browser measured, and the pixels of the whole page."""
    done = subprocess.run(
        [sys.executable, str(BROWSER), str(page), str(screenshot), str(width_px), mode],
        capture_output=True,
        text=True,
        timeout=550,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1]), np.asarray(
        Image.open(screenshot).convert("RGB")
    )


def _check_sound(page: Path, seen: dict, pixels: np.ndarray, *, width_px: int) -> None:
    assert seen["addresses"] == [page.resolve().as_uri()]
    assert seen["messages"] == []
    assert seen["broken"] == 0
    assert min(seen["pictures"]) > 80
    assert seen["overflow"] <= 0
    assert seen["dead"] == 0
    assert all(height > 0 for _, _, height in seen["headings"])
    assert pixels.shape[:2] == (seen["height"], width_px)
    # text, curves, photos: a page that failed to paint is of one colour, and so is a blank screen
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 1000
    for top in range(0, len(pixels) - 900, 900):
        assert len(np.unique(pixels[top : top + 900].reshape(-1, 3), axis=0)) > 20


def _ink_contrast(seen: dict) -> float:
    """Contrast of text and page as accessibility rules count it, 1 to 21."""

    def luminance(color: str) -> float:
        channels = np.array([int(c) for c in re.findall(r"\d+", color)[:3]]) / 255
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted([luminance(seen["ink"]), luminance(seen["background"])])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("width_px", "mode"), [(1100, "light"), (420, "dark")])
def test_the_page_is_shown_whole_without_asking_for_any_other_address(
    page, width_px, mode, tmp_path
):
    seen, pixels = _shown(page, tmp_path / "page.png", width_px=width_px, mode=mode)
    _check_sound(page, seen, pixels, width_px=width_px)
    # four worst (one of them a bare photo) and two best queries a scene, four views each
    assert seen["images"] == 2 * (1 + 3 * 4 + 2 * 4)
    assert len(seen["pictures"]) == 5  # common curves, and curves and map of each scene


@pytest.mark.parametrize(("width_px", "mode"), [(1100, "dark"), (420, "light")])
def test_the_benchmark_page_shows_its_rows_parts_and_pictures(
    benchmark_page, width_px, mode, tmp_path
):
    seen, pixels = _shown(benchmark_page, tmp_path / "page.png", width_px=width_px, mode=mode)
    _check_sound(benchmark_page, seen, pixels, width_px=width_px)
    assert [level for level, _, _ in seen["headings"]][:2] == [1, 2]
    headings = [text for _, text, _ in seen["headings"]]
    for text in ("A benchmark", "Summary", "all scenes", "hall", "room", "Worst", "Best"):
        assert text in headings
    # pooled rows, and those of two scenes, in two tables each
    assert len(seen["rows"]) == 2 * 3 * 5
    assert all(height > 0 for _, height in seen["rows"])
    assert sum("a-method-with-a-long-name" in text for text, _ in seen["rows"]) == 2 * 3
    assert len(seen["pictures"]) == 3 * 2 + 2
    # three worst (one of them a bare photo) and two best queries a scene
    assert seen["images"] == 2 * (1 + 2 * 4 + 2 * 4)
    assert _ink_contrast(seen) > 7
    assert (pixels[:900].mean() > 150) == (mode == "light")
