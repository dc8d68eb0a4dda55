"""The space that the dense codes of points lie in: far fewer directions than a code has channels.

A shared network makes a code of what a point looks like and where it is, and that many directions
are all that it uses (docs/decisions/002-paper-decoder.md). Codes are fitted and stored as their
coordinates along these, in whole steps.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

MAX_LEVEL = 2**15 - 1
NUM_POSITION_VALUES = 3
"""The first values of a code say where its point is, the others what it looks like."""


@dataclass(frozen=True, eq=False)
class DenseSpace:
    """Part of a decoder's weights: the same for all scenes."""

    mean: Float[Tensor, " width"]
    basis: Float[Tensor, "value width"]
    """Orthonormal directions: of the position first, then of the look."""
    steps: Float[Tensor, " value"]
    """Distance between the levels of each value."""
    shared: Float[Tensor, "shared width"]
    """Codes that every scene starts with and moves a little: that of pixels that no point matches,
    then those of the blocks after the first, block by block."""
    later_shape: tuple[int, int]
    """Blocks after the first, and codes of each."""
    shared_step: float
    """Distance between the levels of what a scene moves them by, in each channel."""

    @classmethod
    def of_directions(
        cls,
        mean: Float[Tensor, " width"],
        directions: Float[Tensor, "value width"],
        *,
        position_step: float,
        look_step: float,
        no_match: Float[Tensor, " width"],
        later: Float[Tensor, "later_block later_code width"],
        shared_step: float,
    ) -> "DenseSpace":
        """Make directions orthonormal, each against those before it (Gram and Schmidt).

        Signs are those of the directions given, so that all machines agree on them. Raises
        ValueError where they are not independent.
        """
        q, r = torch.linalg.qr(directions.double().T)
        size = r.diagonal()
        if bool((size.abs() < 1e-3 * size.abs().max()).any()):
            raise ValueError("directions of codes are not independent")
        basis = (q * size.sign()).T.float()
        steps = torch.full((len(basis),), look_step)
        steps[:NUM_POSITION_VALUES] = position_step
        return cls(
            mean,
            basis,
            steps,
            torch.cat([no_match[None], later.flatten(0, 1)]),
            (later.shape[0], later.shape[1]),
            shared_step,
        )

    @property
    def num_values(self) -> int:
        """Stored values of a code."""
        return len(self.basis)

    def levels(self, codes: Float[Tensor, "*code width"]) -> Int[Tensor, "*code value"]:
        """Return codes of points as the nearest whole steps along the directions."""
        values = (codes - self.mean) @ self.basis.T / self.steps
        return values.round().clamp(-MAX_LEVEL, MAX_LEVEL).long()

    def codes_of(self, levels: Int[Tensor, "*code value"]) -> Float[Tensor, "*code width"]:
        """Return the codes of points that `levels` stand for."""
        return (levels * self.steps) @ self.basis + self.mean

    def shared_levels(
        self, codes: Float[Tensor, "*batch shared width"]
    ) -> Int[Tensor, "*batch shared width"]:
        """Return what a scene moved the shared codes by, in whole steps."""
        moved = (codes - self.shared) / self.shared_step
        return moved.round().clamp(-MAX_LEVEL, MAX_LEVEL).long()

    def shared_codes_of(
        self, levels: Int[Tensor, "*batch shared width"]
    ) -> Float[Tensor, "*batch shared width"]:
        """Return the shared codes of a scene."""
        return self.shared + levels * self.shared_step

    def rounded(
        self, codes: Float[Tensor, "voxel block code width"]
    ) -> Float[Tensor, "voxel block code width"]:
        """Return codes as a map stores them; gradients pass as if nothing was rounded."""
        num_later = self.later_shape[1]
        first = torch.cat(
            [
                self._rounded_shared(codes[:, 0, :1], self.shared[:1]),
                self._rounded(codes[:, 0, 1:]),
            ],
            dim=1,
        )
        start = self.shared[1:].unflatten(0, self.later_shape)
        later = self._rounded_shared(codes[:, 1:, :num_later], start)
        unused = codes[:, 1:, num_later:]
        return torch.cat([first[:, None], torch.cat([later, unused], dim=2)], dim=1)

    def _rounded(self, points: Float[Tensor, "*code width"]) -> Float[Tensor, "*code width"]:
        values = (points - self.mean) @ self.basis.T
        with torch.no_grad():
            change = self.levels(points) * self.steps - values
        return (values + change) @ self.basis + self.mean

    def _rounded_shared(
        self, codes: Float[Tensor, "*batch width"], start: Float[Tensor, "*shared width"]
    ) -> Float[Tensor, "*batch width"]:
        with torch.no_grad():
            moved = ((codes - start) / self.shared_step).round() * self.shared_step
            change = start + moved - codes
        return codes + change
