"""For each query the mapped photos that look most alike."""

from collections.abc import Callable, Sequence

import numpy as np

from neumap.errors import OptionError
from neumap.images import PosedImage
from neumap.retrieval.descriptor_index import DescriptorIndex
from neumap.retrieval.global_descriptor import AbstractGlobalDescriptor
from neumap.retrieval.pair_file import PhotoPair


def nearest_photos(
    queries: Sequence[PosedImage],
    mapped: Sequence[PosedImage],
    descriptor: AbstractGlobalDescriptor,
    *,
    count: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[PhotoPair, ...]:
    """Pair each query with its `count` most alike mapped photos (all, if fewer), best first.

    Pairs come in the order of the queries. Raises OptionError on a count below 1 or where nothing
    is mapped or queried, PhotoError on an unreadable photo.
    """
    if count < 1:
        raise OptionError("--num", f"{count} is out of range", "Use at least 1.")
    if not queries or not mapped:
        what = "queries" if not queries else "mapped photos"
        raise OptionError("--split", f"names no {what}", "Name some of both.")
    vectors: list[np.ndarray] = []
    for done, image in enumerate((*mapped, *queries)):
        progress(done, len(mapped) + len(queries))
        vectors.append(descriptor.describe(image))
    progress(len(vectors), len(vectors))
    index = DescriptorIndex(np.stack(vectors[: len(mapped)]))
    found, _ = index.search(np.stack(vectors[len(mapped) :]), count=count)
    return tuple(
        (query.name, mapped[idx].name)
        for query, row in zip(queries, found.tolist(), strict=True)
        for idx in row
    )
