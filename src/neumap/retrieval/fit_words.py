"""Make the visual words of a vocabulary from captures, e.g. the project's made scenes.

python -m neumap.retrieval.fit_words --captures SCENES/* --out visual_words.safetensors
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro
from jaxtyping import Float32

from neumap.features.xfeat import XFeatExtractor
from neumap.images import PosedImage, read_images
from neumap.images.photo import load_photo
from neumap.retrieval.visual_words import VisualWords


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the words are made from."""

    captures: tuple[Path, ...]
    """Folders of captures of any layout."""
    out: Path
    """File to write."""
    num_words: int = 32
    """Words of the vocabulary."""
    photos_per_capture: int = 4
    """Photos of each capture, evenly spread."""
    descriptors_per_photo: int = 300
    """Random key-points of each photo."""
    seed: int = 0


def sample_descriptors(
    images: Sequence[PosedImage], *, descriptors_per_photo: int, rng: np.random.Generator
) -> Float32[np.ndarray, "n channel"]:
    """Describe the photos with XFeat and take some key-points of each at random."""
    extractor = XFeatExtractor()
    parts: list[Float32[np.ndarray, "n channel"]] = []
    for image in images:
        descriptors = extractor.extract(load_photo(image.path)).descriptors
        parts.append(descriptors[rng.permutation(len(descriptors))[:descriptors_per_photo]])
    return np.concatenate(parts)


def main(options: Options) -> None:
    """Describe, cluster and write."""
    images: list[PosedImage] = []
    for folder in sorted(options.captures):
        own = read_images(folder).images
        step = max(1, len(own) // options.photos_per_capture)
        images += own[::step][: options.photos_per_capture]
    descriptors = sample_descriptors(
        images,
        descriptors_per_photo=options.descriptors_per_photo,
        rng=np.random.default_rng(options.seed),
    )
    words = VisualWords.fit(descriptors, num_words=options.num_words, seed=options.seed)
    words.save(options.out)


if __name__ == "__main__":
    main(tyro.cli(Options))
