"""What a benchmark is: its data, its split, its thresholds, the paper's settings and our own."""

from dataclasses import dataclass, field

from neumap.benchmark.split_rules import SplitRule
from neumap.mapping import MappingConfig

SMALL_BUDGETS = (2_000, 4_200, 14_000, 28_000)
"""Bytes of the maps of a room or an object."""

Threshold = tuple[float, float | None]
"""Metres and degrees; None asks for the position alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SceneFolder:
    """A scene by name, and the folders below the root that it may lie in, preferred first."""

    name: str
    folders: tuple[str, ...]
    split: SplitRule | None = None
    """None takes the recipe's."""

    @classmethod
    def called(cls, *names: str) -> "tuple[SceneFolder, ...]":
        """Return scenes that lie in folders of their names."""
        return tuple(cls(name=name, folders=(name,)) for name in names)


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperSettings:
    """How NeuMap (CVPR 2023) treats the data set, for comparison; neumap's maps are others.

    From the paper and the configurations of its released code, which differ in places.
    """

    voxel_sides_m: tuple[float, ...]
    """Several where floors or variants differ; empty where neither source states it."""
    codes_per_block: int
    """Codes of 256 values for each voxel and transformer block, before pruning."""
    num_blocks: int = 6
    epochs: tuple[int, ...]
    """Of each stage: training, then fine-tuning after pruning where there is one."""
    batch_sizes: tuple[int, ...]
    """Pairs of voxel and image, of each stage."""
    learning_rates: tuple[float, ...]
    """Of the network, at the start of each stage; halved at fixed epochs."""
    code_learning_rate: float = 1e-4
    """The paper's; in the released code a warm-up overwrites it with the network's."""
    prune_threshold: float | None
    """Codes whose scale is smaller are dropped; None prunes nothing."""
    retrieval: str
    """Which voxels are read at a query."""

    @property
    def sentence(self) -> str:
        """The settings in one line, for lists."""
        sides = " or ".join(f"{side:g}" for side in self.voxel_sides_m)
        parts = [
            f"voxels of {sides} m" if sides else "voxels of a size that is not stated",
            f"{self.codes_per_block} codes in each of {self.num_blocks} blocks",
            f"{' + '.join(str(epochs) for epochs in self.epochs)} epochs",
            "no pruning"
            if self.prune_threshold is None
            else f"codes of a scale below {self.prune_threshold:g} pruned",
            f"retrieval: {self.retrieval}",
        ]
        return ", ".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """All that a run of one benchmark needs besides the user's copy of the data."""

    name: str
    title: str
    layout: str | None
    """Layout of each scene's folder (`neumap.images.LAYOUTS`); None detects it."""
    scenes: tuple[SceneFolder, ...] = ()
    """Empty takes the root, or every folder below it that has the layout."""
    split: SplitRule
    needs: tuple[str, ...] = ()
    """Glob patterns that a scene's folder must match besides the layout's signs."""
    lacks: tuple[str, ...] = ()
    """Glob patterns that a scene's folder must not match: another version would be read."""
    thresholds: tuple[Threshold, ...]
    """What the data set's tables count, the main one first; `evaluation.recall` has them all.
    Sets of unknown unit are judged by fractions of their depth."""
    has_depth: bool = True
    """False maps from the photos alone, also where the layout has depth."""
    is_scored: bool = True
    """False: a server keeps the true poses, so that predictions are written for it."""
    submitted_name_parts: int | None = None
    """How many last parts of a query's name the server knows; None keeps the whole name."""
    budgets: tuple[int, ...] = SMALL_BUDGETS
    """Bytes of neumap's maps and of the methods whose bytes can be chosen."""
    mapping: MappingConfig = field(default_factory=MappingConfig)
    """neumap's own settings."""
    paper: PaperSettings | None = None
    """None where the paper has no result on the data set."""
    page: str | None
    """Page of the documentation, below the repository's root; None where there is none."""

    @property
    def scene_names(self) -> str:
        """The scenes in one line."""
        if not self.scenes:
            return "the folder, or those below it"
        return ", ".join(scene.name for scene in self.scenes)

    @property
    def own_sentence(self) -> str:
        """The settings of neumap's maps in one line, for lists."""
        sizes = ", ".join(f"{budget / 1000:g}" for budget in self.budgets)
        changed = self.mapping.model_dump(mode="json", exclude_defaults=True)
        settings = [f"{key} {value}" for key, value in changed.items()]
        if not self.has_depth:
            settings.append("depth unused")
        return ", ".join([f"maps of {sizes} kB", *settings])

    @property
    def split_sentence(self) -> str:
        """How photos are chosen, in one line."""
        own = [f"{scene.name}: {scene.split.sentence}" for scene in self.scenes if scene.split]
        return "; ".join([self.split.sentence, *own])
