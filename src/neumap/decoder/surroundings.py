"""What lies around each anchor: kernels between anchors, pooled in cells where there are many.

Lengths are in units of the anchors' spread. Up to MAX_CELLS codes every code is a cell of its own
and nothing is approximated; beyond, codes share the cells of a cubic grid, so that memory and time
grow with the number of cells. Legend: K code, C cell.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Int
from torch import Tensor

_DENSITY_SCALES = (0.05, 0.15, 0.5)
VIEW_SCALES = (0.1, 0.3)
"""Widths of the kernels that tell what is in view."""
NUM_DENSITIES = len(_DENSITY_SCALES)
MAX_CELLS = 2000
"""More cost time at every query: the kernels are read twice."""
_FINEST_SIDE = 0.03
_KEY_OF_CELL = np.array([1 << 42, 1 << 21, 1])  # no grid has two million cells a side


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Kernels between the anchors of a map."""

    cell_of_code: Int[Tensor, " code"]
    kernels: Float32[Tensor, "scale cell cell"]
    """One for each of VIEW_SCALES; a row's sum over codes is 1."""
    log_density: Float32[Tensor, "code density"]
    """Logarithm of how many codes lie around each, at three widths."""

    @classmethod
    def of(cls, xyz: Float32[Tensor, "code 3"]) -> "Surroundings":
        """Pool anchors and measure them against each other."""
        cell_of_code, centre, count = _cells(xyz)
        squared = torch.cdist(centre, centre).square()
        density = [((1 / (1 + squared / s**2)) @ count).log() for s in _DENSITY_SCALES]
        kernels = torch.empty(len(VIEW_SCALES), len(centre), len(centre), device=xyz.device)
        for kernel, scale in zip(kernels, VIEW_SCALES, strict=True):
            torch.reciprocal((1 + squared / scale**2).square_(), out=kernel)
            kernel /= (kernel @ count)[:, None]
        return cls(cell_of_code, kernels, torch.stack(density, dim=1)[cell_of_code])

    def around(self, mass: Float32[Tensor, " code"]) -> Float32[Tensor, "scale code"]:
        """Return the mean of a quantity of the codes around each code, by distance."""
        if len(mass) == self.kernels.shape[1]:
            return self.kernels @ mass
        pooled = torch.zeros(self.kernels.shape[1], device=mass.device)
        pooled = pooled.scatter_add(0, self.cell_of_code, mass)
        return (self.kernels @ pooled)[:, self.cell_of_code]


def _cells(
    xyz: Float32[Tensor, "code 3"],
) -> tuple[Int[Tensor, " code"], Float32[Tensor, "cell 3"], Float32[Tensor, " cell"]]:
    """Give each code a cell; also the cells' mean positions and numbers of codes."""
    if len(xyz) <= MAX_CELLS:
        return torch.arange(len(xyz), device=xyz.device), xyz, torch.ones_like(xyz[:, 0])
    side = _FINEST_SIDE
    points = xyz.cpu().numpy().astype(np.float64)
    while True:
        grid = np.floor((points - points.min(axis=0)) / side).astype(np.int64)
        key = grid @ _KEY_OF_CELL
        _, cell, count = np.unique(key, return_inverse=True, return_counts=True)
        if len(count) <= MAX_CELLS:
            break
        side *= 1.25
    sums = [np.bincount(cell, points[:, axis]) for axis in range(3)]
    centre = (np.stack(sums, axis=1) / count[:, None]).astype(np.float32)
    return (
        torch.from_numpy(cell).to(xyz.device),
        torch.from_numpy(centre).to(xyz.device),
        torch.from_numpy(count.astype(np.float32)).to(xyz.device),
    )
