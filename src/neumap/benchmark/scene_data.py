"""A scene as it is run: its photos, and the folds with the queries that are asked."""

from dataclasses import dataclass, replace

from neumap.benchmark.plan import BenchmarkPlan
from neumap.benchmark.scene_folders import FoundScene
from neumap.errors import DataError, Fault, OptionError
from neumap.geometry import RigidTransform
from neumap.images import ImageSet, Split, read_images


@dataclass(frozen=True, kw_only=True, eq=False)
class SceneData:
    """One scene that was read."""

    name: str
    image_set: ImageSet
    splits: dict[int, Split]
    """The folds that are run, by number; queries thinned as asked."""
    split_sentence: str

    def true_poses(self, fold: int) -> dict[str, RigidTransform | None]:
        """Return `cam_from_world` of a fold's queries."""
        index = self.image_set.by_name()
        return {name: index[name].cam_from_world for name in self.splits[fold].query_names}


def read_scene(found: FoundScene, plan: BenchmarkPlan) -> SceneData:
    """Read a scene and split it.

    Raises DataError as the reader and the rule do, or where a query that is to be scored has no
    true pose (all of them listed); OptionError on a fold that the scene does not have.
    """
    image_set = read_images(found.folder, layout=plan.recipe.layout)
    if not plan.recipe.has_depth:
        images = tuple(replace(image, depth=None) for image in image_set.images)
        image_set = replace(image_set, images=images)
    folds = found.split.splits(image_set)
    unknown = [fold for fold in plan.folds if fold >= len(folds)]
    if unknown:
        reason = f"{found.name} has {len(folds)}, numbered from 0"
        raise OptionError(f"--folds {unknown[0]}", reason, f"Give 0 to {len(folds) - 1}.")
    scene = SceneData(
        name=found.name,
        image_set=image_set,
        splits={
            number: Split(split.map_names, split.query_names[:: plan.every])
            for number, split in enumerate(folds)
            if not plan.folds or number in plan.folds
        },
        split_sentence=found.split.sentence,
    )
    if plan.recipe.is_scored:
        _require_true_poses(scene)
    return scene


def _require_true_poses(scene: SceneData) -> None:
    lost = [
        name
        for fold in scene.splits
        for name, true_pose in scene.true_poses(fold).items()
        if true_pose is None
    ]
    if lost:
        raise DataError.from_faults(
            [Fault(name, "has no true pose to be scored against", "Restore it.") for name in lost]
        )
