"""The most alike of many vectors: by numpy in small sets, by faiss beyond 100,000 vectors."""

from importlib.util import find_spec
from typing import Protocol, cast, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int

from neumap.errors import OptionError

MAX_NUMPY_VECTORS = 100_000
"""More are searched by faiss; up to there numpy is quick enough and needs no extra package."""
_BLOCK = 256  # queries compared at a time


@runtime_checkable
class _FaissIndex(Protocol):
    """What is used of faiss, whose own types do not tell it."""

    def search(
        self, queries: Float32[np.ndarray, "query value"], count: int
    ) -> tuple[Float32[np.ndarray, "query rank"], Int[np.ndarray, "query rank"]]: ...


class DescriptorIndex:
    """Vectors of mapped photos to be searched by dot product; exact, whatever searches them.

    Raises OptionError where there are more than `max_numpy_vectors` and faiss is not installed.
    """

    def __init__(
        self,
        vectors: Float32[np.ndarray, "photo value"],
        *,
        max_numpy_vectors: int = MAX_NUMPY_VECTORS,
    ) -> None:
        self._vectors = np.ascontiguousarray(vectors)
        self._faiss = _faiss_index(self._vectors) if len(vectors) > max_numpy_vectors else None

    def __len__(self) -> int:
        """Return the number of vectors."""
        return len(self._vectors)

    def search(
        self, queries: Float32[np.ndarray, "query value"], *, count: int
    ) -> tuple[Int[np.ndarray, "query rank"], Float32[np.ndarray, "query rank"]]:
        """Return indices and dot products of the `count` most alike vectors (all, if fewer).

        Best first; equal ones by their index, though any of those that tie for the last rank may be
        left out. ValueError on a count below 1 or queries of another length.
        """
        if count < 1:
            raise ValueError(f"count is {count}, expected at least 1")
        if queries.shape[1] != self._vectors.shape[1]:
            raise ValueError(
                f"queries have {queries.shape[1]} values, the index {self._vectors.shape[1]}"
            )
        count = min(count, len(self))
        if self._faiss is None:
            return self._search_with_numpy(queries, count)
        similarity, idx = self._faiss.search(np.ascontiguousarray(queries), count)
        return _in_order(idx.astype(np.int64), similarity)

    def _search_with_numpy(
        self, queries: Float32[np.ndarray, "query value"], count: int
    ) -> tuple[Int[np.ndarray, "query rank"], Float32[np.ndarray, "query rank"]]:
        found = np.zeros((len(queries), count), dtype=np.int64)
        similarity = np.zeros((len(queries), count), dtype=np.float32)
        for start in range(0, len(queries), _BLOCK):
            rows = slice(start, start + _BLOCK)
            alike = queries[rows] @ self._vectors.T
            found[rows] = np.argpartition(-alike, count - 1, axis=1)[:, :count]
            similarity[rows] = np.take_along_axis(alike, found[rows], axis=1)
        return _in_order(found, similarity)


def _in_order(
    idx: Int[np.ndarray, "query rank"], similarity: Float32[np.ndarray, "query rank"]
) -> tuple[Int[np.ndarray, "query rank"], Float32[np.ndarray, "query rank"]]:
    """Sort each row by falling similarity, then by index."""
    order = np.lexsort((idx, -similarity), axis=1)
    return np.take_along_axis(idx, order, axis=1), np.take_along_axis(similarity, order, axis=1)


def _faiss_index(vectors: Float32[np.ndarray, "photo value"]) -> _FaissIndex:
    if find_spec("faiss") is None:
        raise OptionError(
            f"{len(vectors)} photos",
            f"more than {MAX_NUMPY_VECTORS} are searched with faiss, which is not installed",
            "pip install 'neumap[retrieval]'",
        )
    import faiss  # pyright: ignore[reportMissingTypeStubs]

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)  # pyright: ignore[reportCallIssue]  a method that faiss replaces by its own
    return cast(_FaissIndex, index)
