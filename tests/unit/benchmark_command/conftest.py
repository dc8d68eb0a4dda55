"""A made capture as a small set of its own, and methods that answer without a network."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from layout_writers import make_capture, write_capture
from neumap.baselines import BuiltMap, Fold
from neumap.benchmark.plan import BenchmarkPlan
from neumap.benchmark.recipe import Recipe, SceneFolder
from neumap.benchmark.split_rules import Folds
from neumap.geometry import RigidTransform
from neumap.pose import Correspondences, PoseEstimate, PoseFailure


@dataclass
class FakeLocalizer:
    """Knows the true pose of every photo that has one and answers beside it."""

    fold: Fold
    offset_m: float
    failing: tuple[str, ...]

    def localize(self, photo, *, camera=None):
        image = next(image for image in self.fold.image_set.images if image.path == photo)
        if image.name in self.failing:
            return PoseFailure("too few matches for a pose", 9, 3, {"solve": 2.0})
        true = image.cam_from_world or RigidTransform(np.eye(3), np.zeros(3))
        shift = true.rotation @ [self.offset_m, 0.0, 0.0]
        pose = RigidTransform(true.rotation, true.translation - shift)
        in_cam = np.random.default_rng(0).uniform([-1, -1, 3], [1, 1, 5], (20, 3))
        pairs = Correspondences(
            camera.img_from_cam(in_cam), true.inverse().apply(in_cam), np.linspace(1, 0, 20)
        )
        timings = {"decode": 9.0, "solve": 30.0}
        return PoseEstimate(pose, camera, pairs, np.ones(20, bool), np.zeros(20), timings)


@dataclass
class FakeMethod:
    """A method whose maps are as large as their budget and whose error is given."""

    name: str
    has_budget: bool = True
    offset_m: float = 0.01
    num_bytes: int = 2500
    failing: tuple[str, ...] = ()
    error: Exception | None = None
    built: list = field(default_factory=list)

    def build(self, fold: Fold, *, budget_bytes, seed) -> BuiltMap:
        self.built.append((fold.split, budget_bytes, seed))
        if self.error is not None:
            raise self.error
        localizer = FakeLocalizer(fold, self.offset_m * (1 + seed), self.failing)
        num_bytes = self.num_bytes if budget_bytes is None else budget_bytes
        return BuiltMap(localizer=localizer, num_bytes=num_bytes, mapping_seconds=1.5)


@pytest.fixture(autouse=True)
def quick_page(monkeypatch):
    """A page without pictures, which take long to draw; `evaluation` tests the real one."""
    from neumap.benchmark import run

    monkeypatch.setattr(run, "render_benchmark_report", lambda title, rows: title)


@pytest.fixture
def root(tmp_path) -> Path:
    """Two scenes of ten photos below one folder."""
    for name in ("hall", "yard"):
        write_capture(tmp_path / "data" / name, make_capture(10))
    return tmp_path / "data"


@pytest.fixture
def recipe() -> Recipe:
    return Recipe(
        name="two",
        title="Two scenes",
        layout="capture",
        scenes=SceneFolder.called("hall", "yard"),
        split=Folds(count=5),
        thresholds=((0.05, 5.0),),
        budgets=(2_000, 3_000),
        page=None,
    )


@pytest.fixture
def plan(recipe, root, tmp_path) -> BenchmarkPlan:
    return BenchmarkPlan(recipe=recipe, root=root, out=tmp_path / "out", budgets=recipe.budgets)


@pytest.fixture
def run():
    """Run a plan."""
    from neumap.benchmark.run import run_benchmark

    def run_plan(plan, *methods, watch=None):
        return run_benchmark(plan, methods, command="neumap benchmark", watch=watch)

    return run_plan


@pytest.fixture
def fake_method():
    return FakeMethod
