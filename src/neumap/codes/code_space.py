"""The space that thin codes live in: a fixed projection of descriptors, few bits a value."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

STEP_OF_SIGMA = {
    **{2: 1.596, 4: 0.996, 8: 0.586, 16: 0.335},
    **{32: 0.1881, 64: 0.1041, 128: 0.0569, 256: 0.0308},
}
"""Step of the optimal uniform quantiser of a Gaussian with that many levels, in its sigma."""


@dataclass(frozen=True, eq=False)
class CodeSpace:
    """Projection shared by all scenes; part of a decoder's weights.

    A descriptor d becomes A (d - m); values are stored as the level of a uniform quantiser
    around zero. Similarity is the cosine, of the quantised code (`decoder.md`, section
    7).
    """

    mean: Float32[np.ndarray, " channel"]
    projection: Float32[np.ndarray, "value channel"]
    step: Float32[np.ndarray, " value"]
    """Width of a quantiser step for each value."""
    num_levels: int = 16
    """Levels of a value: a power of two; `decoder.md` has 16, fewer leave room for more codes."""

    @property
    def num_values(self) -> int:
        """Number of values of a code."""
        return len(self.step)

    @property
    def bits(self) -> int:
        """Bits of a stored value."""
        return self.num_levels.bit_length() - 1

    def with_levels(self, num_levels: int) -> "CodeSpace":
        """Return the same directions with another number of levels, each optimal for its own."""
        ratio = STEP_OF_SIGMA[num_levels] / STEP_OF_SIGMA[self.num_levels]
        step = (self.step * ratio).astype(np.float32)
        return CodeSpace(self.mean, self.projection, step, num_levels)

    def project(
        self, descriptors: Float32[np.ndarray, "n channel"]
    ) -> Float32[np.ndarray, "n value"]:
        """Return values before quantisation."""
        return (descriptors - self.mean) @ self.projection.T

    def query(
        self, descriptors: Float32[np.ndarray, "n channel"]
    ) -> Float32[np.ndarray, "n value"]:
        """Project key-points to unit length, not quantised: what codes are compared with."""
        return _unit(self.project(descriptors))

    def quantise(self, values: Float32[np.ndarray, "n value"]) -> Int[np.ndarray, "n value"]:
        """Return the levels, from 0, nearest to projected values."""
        levels = np.floor(values / self.step) + self.num_levels // 2
        return np.clip(levels, 0, self.num_levels - 1).astype(np.int64)

    def dequantise(self, levels: Int[np.ndarray, "n value"]) -> Float32[np.ndarray, "n value"]:
        """Return the middle of each level's step."""
        return ((levels - self.num_levels // 2 + 0.5) * self.step).astype(np.float32)

    def unit_codes(self, levels: Int[np.ndarray, "n value"]) -> Float32[np.ndarray, "n value"]:
        """Return dequantised codes at unit length."""
        return _unit(self.dequantise(levels))

    @classmethod
    def fit(
        cls,
        descriptors: Float32[np.ndarray, "n channel"],
        group: Int[np.ndarray, " n"],
        *,
        num_values: int = 16,
        within_weight: float = 1.0,
    ) -> "CodeSpace":
        """Find the directions that tell points apart and change little between views.

        `group` numbers the point that each descriptor shows. Directions are the leading
        generalised eigenvectors of the scatter between points against `within_weight` times the
        scatter within points plus a share of the total (Fisher's discriminant);
        `within_weight` 0 gives the principal components.
        """
        data = descriptors.astype(np.float64)
        mean = data.mean(axis=0)
        count = np.bincount(group)
        sums = np.stack([np.bincount(group, data[:, c]) for c in range(data.shape[1])], axis=1)
        residual = data - (sums / np.maximum(count, 1)[:, None])[group]
        total = np.cov(data.T)
        freedom = max(len(data) - int((count > 0).sum()), 1)
        within = residual.T @ residual / freedom
        noise = within_weight * within + 1e-6 * np.trace(total) / len(total) * np.eye(len(total))
        if within_weight == 0:
            noise = np.eye(len(total))
        whiten = np.linalg.inv(np.linalg.cholesky(noise))
        _, vectors = np.linalg.eigh(whiten @ total @ whiten.T)
        projection = vectors[:, ::-1][:, :num_values].T @ whiten
        values = (data - mean) @ projection.T
        step = STEP_OF_SIGMA[16] * values.std(axis=0)
        return cls(mean.astype(np.float32), projection.astype(np.float32), step.astype(np.float32))


def _unit(values: Float32[np.ndarray, "n value"]) -> Float32[np.ndarray, "n value"]:
    norms = np.linalg.norm(values, axis=1, keepdims=True)
    return (values / np.maximum(norms, 1e-12)).astype(np.float32)
