"""Stand-ins for mapping and maps, so that these tests see the command line alone."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumap.codes.forecast import Forecast
from neumap.errors import MapFileError, PhotoError
from neumap.geometry import Camera, RigidTransform
from neumap.images import ImageSet, PosedImage
from neumap.pose import Correspondences, PoseEstimate, PoseFailure

CAMERA = Camera.pinhole(80, 60, fx=70.0, fy=70.0, cx=40.0, cy=30.0)


@dataclass
class FakeMap:
    """A map of 1000 bytes that knows where every photo was taken."""

    poses: dict[str, RigidTransform]
    units: str = "metre"
    failing: tuple[str, ...] = ()
    stage_seconds: dict[str, float] = field(default_factory=lambda: {"features": 1.5})
    warnings: tuple[str, ...] = ()
    forecast: Forecast | None = None
    header: dict = field(default_factory=lambda: {"units": "metre", "provenance": {}})
    cameras: list = field(default_factory=list)

    @property
    def num_codes(self) -> int:
        return len(self.anchors_in_world)

    @property
    def anchors_in_world(self):
        return np.random.default_rng(1).uniform(-1, 1, (30, 3))

    def save(self, path: Path) -> None:
        path.write_bytes(b"x" * 1000)

    def bytes_by_part(self) -> dict[str, int]:
        return {"codes": 700, "anchors": 200, "tables": 60, "header": 40}

    def value_bits(self) -> tuple[float, float]:
        return 1.75, 1.5

    def localize(self, photo, *, camera=None):
        self.cameras.append(camera)
        if not photo.exists():
            raise PhotoError(str(photo), "does not exist", "Check the name.")
        if photo.name in self.failing:
            return PoseFailure("too few points of the map were found", 9, 3, {"solve": 2.0})
        xyz = np.random.default_rng(0).uniform([-1, -1, 3], [1, 1, 5], (20, 3))
        pose = self.poses[photo.name]
        pairs = Correspondences(
            CAMERA.img_from_cam(xyz), pose.inverse().apply(xyz), np.linspace(1, 0, 20)
        )
        timings = {"decode": 9.0, "solve": 30.0}
        return PoseEstimate(pose, CAMERA, pairs, np.ones(20, bool), np.zeros(20), timings)


@dataclass
class World:
    """One capture on disk, its image set, the fake map and what mapping was asked for."""

    folder: Path
    image_set: ImageSet
    map: FakeMap
    map_path: Path
    asked: dict = field(default_factory=dict)


@pytest.fixture
def world(tmp_path, monkeypatch) -> World:
    """Ten photos; reading, mapping and loading are replaced in every verb."""
    from neumap.cli import demo, evaluate, info, localize
    from neumap.cli import map as map_verb

    folder = tmp_path / "capture"
    folder.mkdir()
    images = []
    for idx in range(10):
        path = folder / f"{idx}.png"
        Image.fromarray(np.full((60, 80, 3), 20 * idx, dtype=np.uint8)).save(path)
        pose = RigidTransform(np.eye(3), np.array([0.1 * idx, 0.0, 0.0]))
        images.append(PosedImage(path.name, path, CAMERA, pose))
    image_set = ImageSet(folder, "made", "ours", "metre", tuple(images))
    fake = FakeMap({image.name: image.cam_from_world for image in images})
    made = World(folder, image_set, fake, tmp_path / "scene.neumap")

    def read_images(root, *, layout=None):
        made.asked["layout"] = layout
        return made.image_set

    def map_scene(data, **options):
        made.asked.update(options, data=data)
        options["progress"]("features", 1, 1)
        return fake

    def load(path, *, quality="full", engine="auto"):
        made.asked["quality"] = quality
        if not Path(path).exists():
            raise MapFileError(str(path), "does not exist", "Make it with `neumap map`.")
        return fake

    def demo_capture(target, seed=0):
        target.mkdir(exist_ok=True)
        names = [image.name for image in images]
        split = {"map": names[:8], "query": names[8:]}
        (target / "split.json").write_text(json.dumps(split))

    for module in (map_verb, evaluate, demo):
        monkeypatch.setattr(module, "read_images", read_images)
    for module in (map_verb, demo):
        monkeypatch.setattr(module, "map_scene", map_scene)
    for module in (localize, evaluate, info, demo):
        monkeypatch.setattr(module, "Map", type("Map", (), {"load": staticmethod(load)}))
    monkeypatch.setattr(demo, "demo_capture", demo_capture)
    return made


@pytest.fixture
def saved(world) -> World:
    """The same with the map file written."""
    world.map.save(world.map_path)
    return world
