"""Recipes of the project's own small sets (the layout `capture`), and of any folder of a user."""

from dataclasses import replace

from neumap.benchmark.recipe import Recipe, SceneFolder
from neumap.benchmark.split_rules import FirstMapped, Folds, OwnSplitOrFolds

_THRESHOLDS = ((0.05, 5.0), (0.1, 5.0))
_PAGE = "docs/benchmark_command.md"
_SMALL_SETS = (
    SceneFolder(name="fox", folders=("fox",)),
    SceneFolder(name="herz-jesus", folders=("strecha_Herz-Jesus-P25",)),
    SceneFolder(name="fountain", folders=("strecha_fountain-P11",)),
    SceneFolder(name="shelf50", folders=("shelf50",)),
    SceneFolder(name="lund_door", folders=("lund_door",)),
)


def redkitchen() -> Recipe:
    """The first sequence of 7-Scenes' kitchen with depth: 700 frames mapped, 300 queried."""
    return Recipe(
        name="redkitchen",
        title="redkitchen: one RGB-D sequence that comes back",
        layout="capture",
        scenes=SceneFolder.called("redkitchen"),
        split=FirstMapped(num_mapped=700),
        thresholds=_THRESHOLDS,
        page=_PAGE,
    )


def redkitchen_rgb() -> Recipe:
    """The same mapped from its photos alone."""
    return replace(
        redkitchen(),
        name="redkitchen-rgb",
        title="redkitchen, mapped without depth",
        has_depth=False,
    )


def fox() -> Recipe:
    """An object before a shelf, by a telephone; unit not known."""
    return _small_set("fox")


def herz_jesus() -> Recipe:
    """A facade, measured by laser."""
    return _small_set("herz-jesus")


def fountain() -> Recipe:
    """A fountain, measured by laser."""
    return _small_set("fountain")


def shelf50() -> Recipe:
    """A shelf from short distance, with depth."""
    return _small_set("shelf50")


def lund_door() -> Recipe:
    """A church door from short distances; unit not known."""
    return _small_set("lund_door")


def small_sets() -> Recipe:
    """The five small sets in one table, their folds pooled."""
    return Recipe(
        name="small-sets",
        title="Five small sets",
        layout="capture",
        scenes=_SMALL_SETS,
        split=Folds(),
        thresholds=_THRESHOLDS,
        page=_PAGE,
    )


def real_sets() -> Recipe:
    """redkitchen and the five small sets in one table."""
    kitchen = SceneFolder(
        name="redkitchen", folders=("redkitchen",), split=FirstMapped(num_mapped=700)
    )
    return replace(
        small_sets(),
        name="real-sets",
        title="Six real sets",
        scenes=(kitchen, *_SMALL_SETS),
    )


def own_photos() -> Recipe:
    """Any folder of posed photos in a known layout, or several folders below one."""
    return Recipe(
        name="own-photos",
        title="Posed photos",
        layout=None,
        split=OwnSplitOrFolds(),
        thresholds=_THRESHOLDS,
        page="docs/datasets/README.md",
    )


def _small_set(name: str) -> Recipe:
    (scene,) = (scene for scene in _SMALL_SETS if scene.name == name)
    return replace(small_sets(), name=name, title=name, scenes=(scene,))
