"""The report in a real browser, without a network; skipped where PyQt6-WebEngine is missing."""

import importlib.util
import json
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
from neumap.geometry import Camera, RigidTransform
from neumap.images import ImageSet, PosedImage, Split
from neumap.pose import Correspondences, PoseEstimate, PoseFailure

BROWSER = Path(__file__).parents[1] / "browser_view.py"
CAMERA = Camera.pinhole(160, 120, fx=150.0, fy=150.0, cx=80.0, cy=60.0)

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("PyQt6") is None
    or importlib.util.find_spec("PyQt6.QtWebEngineWidgets") is None,
    reason="no browser: PyQt6-WebEngine is not installed",
)


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
def page(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("pages")
    path = root / "report.html"
    path.write_text(render_report("Two scenes", [_scene(root / "hall"), _scene(root / "room")]))
    return path


@pytest.mark.parametrize("width_px", [1100, 420])
def test_the_page_is_shown_whole_without_asking_for_any_other_address(page, width_px, tmp_path):
    screenshot = tmp_path / "page.png"
    done = subprocess.run(
        [sys.executable, str(BROWSER), str(page), str(screenshot), str(width_px)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["addresses"] == [page.resolve().as_uri()]
    assert seen["messages"] == []
    # four worst (one of them a bare photo) and two best queries a scene, three views each
    assert seen["images"] == 2 * (1 + 3 * 3 + 2 * 3)
    assert seen["broken"] == 0
    assert len(seen["pictures"]) == 5  # common curves, and curves and map of each scene
    assert min(seen["pictures"]) > 80
    assert seen["overflow"] <= 0
    assert seen["dead"] == 0
    pixels = np.asarray(Image.open(screenshot).convert("RGB"))
    assert pixels.shape[1] == width_px
    # text, curves, photos: a page that failed to paint is of one colour
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 1000
