"""A made capture: photos on disk, true poses around a box of points, and a fake localiser."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from neumap.errors import PhotoError
from neumap.geometry import Camera, RigidTransform
from neumap.images import ImageSet, PosedImage
from neumap.pose import Correspondences, PoseEstimate, PoseFailure

CAMERA = Camera.pinhole(160, 120, fx=150.0, fy=150.0, cx=80.0, cy=60.0)


def cam_from_world_at(center, yaw_deg: float = 0.0) -> RigidTransform:
    """A camera at a place, turned about the vertical axis."""
    yaw = np.radians(yaw_deg)
    rotation = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    return RigidTransform(rotation, -rotation @ np.asarray(center, dtype=np.float64))


@dataclass
class FakeLocalizer:
    """Answers with the true pose moved along x by `offset[name]`, or fails."""

    image_set: ImageSet
    offset: dict[str, float] = field(default_factory=dict)
    failing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    num_pairs: int = 40

    def localize(self, photo, *, camera=None):
        image = next(image for image in self.image_set.images if image.path == photo)
        if image.name in self.unreadable:
            raise PhotoError(str(photo), "is not an image", "Give a JPEG or PNG file.")
        if image.name in self.failing:
            return PoseFailure("too few points of the map were found", 9, 3, {"solve": 2.0})
        true = image.cam_from_world
        moved = RigidTransform(
            true.rotation,
            true.translation - true.rotation @ [self.offset.get(image.name, 0.0), 0.0, 0.0],
        )
        rng = np.random.default_rng(len(image.name))
        in_cam = rng.uniform([-1.2, -0.9, 3.0], [1.2, 0.9, 5.0], (self.num_pairs, 3))
        pairs = Correspondences(
            image.camera.img_from_cam(in_cam) + rng.normal(0, 0.5, (self.num_pairs, 2)),
            true.inverse().apply(in_cam),
            np.linspace(1, 0.1, self.num_pairs),
        )
        is_inlier = np.arange(self.num_pairs) % 4 != 3
        timings = {"decode": 50.0, "features": 20.0, "solve": 5.0}
        residuals_px = rng.uniform(0, 8, self.num_pairs)
        return PoseEstimate(moved, image.camera, pairs, is_inlier, residuals_px, timings)


@pytest.fixture(scope="session")
def capture(tmp_path_factory) -> ImageSet:
    """Ten photos of 160 x 120 px from cameras on a line, in metres."""
    root: Path = tmp_path_factory.mktemp("capture")
    rng = np.random.default_rng(0)
    images = []
    for idx in range(10):
        path = root / f"photo {idx}.png"
        Image.fromarray(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)).save(path)
        pose = cam_from_world_at([0.3 * idx, 0.0, 0.05 * idx], yaw_deg=3.0 * idx)
        images.append(PosedImage(path.name, path, CAMERA, pose))
    return ImageSet(root, "made", "ours", "metre", tuple(images))


@pytest.fixture(scope="session")
def make_localizer(capture):
    """Build a FakeLocalizer of the capture."""

    def make(**options) -> FakeLocalizer:
        return FakeLocalizer(capture, **options)

    return make


@pytest.fixture(scope="session")
def names(capture) -> tuple[str, ...]:
    return tuple(image.name for image in capture.images)


@pytest.fixture(scope="session")
def true_poses(capture) -> dict[str, RigidTransform]:
    return {image.name: image.cam_from_world for image in capture.images}
