"""What a code may look like: fewer values, other levels, or indices of a product quantiser."""

import copy
from dataclasses import dataclass, replace
from typing import Any, Protocol

import faiss
import numpy as np
from jaxtyping import Float, Float32, Int

from neumap.anchored_mapping import OrderedPoints
from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.anchored_file import file_bytes
from neumap.codes.code_space import STEP_OF_SIGMA
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.scene.scene import Scene

FIXED = "16 values x 4 levels"
SCALAR_SHAPES = (
    *((16, 2), (16, 4), (16, 8), (16, 16)),
    *((12, 2), (12, 4), (12, 8), (8, 4), (8, 8)),
)
VECTOR_SHAPES = ((8, 16), (4, 256), (4, 64), (2, 256), (4, 16))


@dataclass(frozen=True, kw_only=True, eq=False)
class Sized:
    """Codes to read and the bytes of the map file that holds them."""

    codes: AnchoredCodes
    num_bytes: int


class Shape(Protocol):
    """Makes codes of the first points of an order."""

    decoder: AnchoredDecoder

    def codes_of(self, points: "Points", count: int) -> Sized:
        """Round the values and anchors of `count` points."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """Ordered points of a scene and how a map of a size rounds them."""

    scene: Scene
    ordered: OrderedPoints
    header: dict[str, Any]
    budget_bytes: int

    def descriptors(self, count: int) -> Float32[np.ndarray, "code channel"]:
        """Mean descriptors of the first points."""
        return self.scene.points.descriptors[self.ordered.point_idx[:count]]

    def rounded(
        self, decoder: AnchoredDecoder, values: Float32[np.ndarray, "code value"], num_levels: int
    ) -> AnchoredCodes:
        """Round as `neumap map` does."""
        space = decoder.code_space.with_levels(num_levels)
        budget = self.budget_bytes
        made = self.ordered.codes_of(self.scene, space, self.header, budget_bytes=budget)
        return made.of(values)


class ScalarShape:
    """The first values of a code with some levels each; the decoder does not see the others."""

    def __init__(self, decoder: AnchoredDecoder, num_values: int, num_levels: int) -> None:
        self.decoder = copy.deepcopy(decoder)
        self.decoder.projection.data[num_values:] = 0.0
        self.decoder.step[num_values:] = 1e-6
        self._num_values, self._num_levels = num_values, num_levels

    def codes_of(self, points: Points, count: int) -> Sized:
        """Count the bytes of the values that are stored, and read the others as zero."""
        values = self.decoder.code_space.project(points.descriptors(count))
        codes = points.rounded(self.decoder, values, self._num_levels)
        stored = replace(codes, levels=codes.levels[:, : self._num_values])
        return Sized(codes=codes, num_bytes=file_bytes(points.header, stored))


class OwnStepsShape:
    """16 values of 4 levels with steps of the map's own, a byte for each value."""

    def __init__(self, decoder: AnchoredDecoder) -> None:
        self.decoder = decoder
        self._space = decoder.code_space.with_levels(4)

    def codes_of(self, points: Points, count: int) -> Sized:
        """Steps fit the spread of the points' values."""
        values = self._space.project(points.descriptors(count))
        step = (STEP_OF_SIGMA[4] * values.std(axis=0)).astype(np.float32)
        space = replace(self._space, step=step)
        rounded = space.dequantise(space.quantise(values))
        codes = points.rounded(self.decoder, rounded, 256)  # fine enough to be read as is
        as_read = self._space.with_levels(256).dequantise(codes.levels)
        stored = replace(codes, levels=space.quantise(as_read), code_bits=2)
        return Sized(codes=codes, num_bytes=file_bytes(points.header, stored) + len(step))


class VectorShape:
    """Parts of a code at unit length as indices of centroids; each part has every n-th value."""

    def __init__(
        self,
        decoder: AnchoredDecoder,
        unit_values: Float32[np.ndarray, "n value"],
        *,
        num_parts: int,
        num_centroids: int,
    ) -> None:
        self.decoder = decoder
        self._centroids: list[Float32[np.ndarray, "centroid part"]] = []
        self._bits: list[Float[np.ndarray, " centroid"]] = []
        for part in range(num_parts):
            data = np.ascontiguousarray(unit_values[:, part::num_parts])
            means = faiss.Kmeans(data.shape[1], num_centroids, niter=20, seed=0)
            means.train(data)
            assert means.centroids is not None  # trained
            self._centroids.append(means.centroids.copy())
            seen = np.bincount(_nearest(data, means.centroids), minlength=num_centroids) + 1
            self._bits.append(-np.log2(seen / seen.sum()))

    def codes_of(self, points: Points, count: int) -> Sized:
        """Indices take the bits of their frequency in the codebook's scenes; anchors as always."""
        values = self.decoder.code_space.project(points.descriptors(count))
        unit = at_unit_length(values)
        out, bits = np.zeros_like(unit), 0.0
        num_parts = len(self._centroids)
        for part, (centroids, own) in enumerate(zip(self._centroids, self._bits, strict=True)):
            idx = _nearest(unit[:, part::num_parts], centroids)
            out[:, part::num_parts] = centroids[idx]
            bits += float(own[idx].sum())
        size = np.float32(np.median(np.linalg.norm(values, axis=1)))
        codes = points.rounded(
            self.decoder, at_unit_length(out) * size, 256
        )  # fine enough to be read as is
        bare = replace(codes, levels=np.zeros((count, 1), dtype=np.int64), code_bits=1)
        return Sized(codes=codes, num_bytes=file_bytes(points.header, bare) + int(bits / 8))


def _nearest(
    data: Float32[np.ndarray, "n part"], centroids: Float32[np.ndarray, "centroid part"]
) -> Int[np.ndarray, " n"]:
    return ((centroids**2).sum(axis=1) - 2 * data @ centroids.T).argmin(axis=1)


def at_unit_length(values: Float32[np.ndarray, "n value"]) -> Float32[np.ndarray, "n value"]:
    """Divide codes by their norms."""
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)


def shapes_of(
    decoder: AnchoredDecoder, unit_values: Float32[np.ndarray, "n value"]
) -> dict[str, Shape]:
    """Return all shapes; `unit_values` are of the scenes that codebooks are fitted on."""
    shapes: dict[str, Shape] = {
        f"{values} values x {levels} levels": ScalarShape(decoder, values, levels)
        for values, levels in SCALAR_SHAPES
    }
    shapes["16 values x 4 levels, own steps"] = OwnStepsShape(decoder)
    for parts, centroids in VECTOR_SHAPES:
        shapes[f"{parts} parts of {centroids} centroids"] = VectorShape(
            decoder, unit_values, num_parts=parts, num_centroids=centroids
        )
    return shapes
