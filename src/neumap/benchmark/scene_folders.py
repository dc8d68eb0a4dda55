"""Which folders of the user's copy hold the scenes of a benchmark; all faults are told at once."""

from dataclasses import dataclass
from pathlib import Path

from neumap.benchmark.recipe import Recipe, SceneFolder
from neumap.benchmark.split_rules import SplitRule
from neumap.errors import DataError, Fault
from neumap.images.detect import detect_layouts


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundScene:
    """One scene on disk."""

    name: str
    folder: Path
    split: SplitRule


def find_scenes(recipe: Recipe, root: Path) -> tuple[FoundScene, ...]:
    """Return the scenes below the root, or the root itself where it is one of them.

    A benchmark that names its scenes needs all of them: a table of some would pass for the whole.
    To run one scene, give its folder as the root. Raises DataError that lists every scene that is
    missing, lacks the layout, lacks a file that the recipe needs, or has one of another version.
    """
    if not root.is_dir():
        reason = "is not a folder" if root.exists() else "does not exist"
        raise DataError(str(root), reason, f"Name the folder of {recipe.title}.")
    found = _named_scenes(recipe, root) if recipe.scenes else _any_scenes(recipe, root)
    faults = [fault for scene in found for fault in _content_faults(recipe, scene)]
    if faults:
        raise DataError.from_faults(faults)
    return found


def _named_scenes(recipe: Recipe, root: Path) -> tuple[FoundScene, ...]:
    here = [scene for scene in recipe.scenes if _is_in(root, scene)]
    if here:
        return (_found(recipe, here[0], root),)
    folders = {scene.name: _folder_of(root, scene) for scene in recipe.scenes}
    missing = [scene for scene in recipe.scenes if folders[scene.name] is None]
    if missing:
        remedy = (
            f"Unpack all scenes of {recipe.title} below one folder"
            + (f" ({recipe.page})" if recipe.page else "")
            + ", or name the folder of one scene."
        )
        raise DataError.from_faults(
            [
                Fault(str(root / scene.folders[0]), "does not exist: scene missing", remedy)
                for scene in missing
            ]
        )
    return tuple(
        _found(recipe, scene, folder)
        for scene in recipe.scenes
        if (folder := folders[scene.name]) is not None
    )


def _any_scenes(recipe: Recipe, root: Path) -> tuple[FoundScene, ...]:
    """Return the root if it has the layout, else all folders below it that have."""
    folders = [root] if _has_layout(recipe, root) else []
    if not folders:
        folders = [
            child
            for child in sorted(root.iterdir())
            if child.is_dir() and _has_layout(recipe, child)
        ]
    if not folders:
        layout = f"the layout {recipe.layout}" if recipe.layout else "a known layout"
        where = f" See {recipe.page}." if recipe.page else ""
        raise DataError(
            str(root),
            f"neither it nor a folder below it has {layout}",
            f"Name the folder of {recipe.title}.{where}",
        )
    return tuple(
        FoundScene(name=folder.resolve().name, folder=folder, split=recipe.split)
        for folder in folders
    )


def _is_in(root: Path, scene: SceneFolder) -> bool:
    """Tell whether the root's last parts are those of one of the scene's folders."""
    parts = root.resolve().parts
    tails = (Path(folder).parts for folder in scene.folders)
    return any(parts[-len(tail) :] == tail for tail in tails)


def _folder_of(root: Path, scene: SceneFolder) -> Path | None:
    return next((root / name for name in scene.folders if (root / name).is_dir()), None)


def _found(recipe: Recipe, scene: SceneFolder, folder: Path) -> FoundScene:
    return FoundScene(name=scene.name, folder=folder, split=scene.split or recipe.split)


def _has_layout(recipe: Recipe, folder: Path) -> bool:
    layouts = detect_layouts(folder)
    return recipe.layout in layouts if recipe.layout else bool(layouts)


def _content_faults(recipe: Recipe, scene: FoundScene) -> list[Fault]:
    remedy = f"Lay it out as in {recipe.page}." if recipe.page else "Unpack the whole scene."
    subject = str(scene.folder)
    faults: list[Fault] = []
    if not _has_layout(recipe, scene.folder):
        faults.append(Fault(subject, f"does not have the layout {recipe.layout}", remedy))
    for pattern in recipe.needs:
        if next(scene.folder.glob(pattern), None) is None:
            faults.append(Fault(subject, f"lacks {pattern}", remedy))
    for pattern in recipe.lacks:
        other = next(scene.folder.glob(pattern), None)
        if other is not None:
            reason = f"holds {other.relative_to(scene.folder).as_posix()} of another version"
            faults.append(Fault(subject, reason, f"Keep the files of {recipe.title} alone."))
    return faults
