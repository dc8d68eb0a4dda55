"""Learning rates over a run, and when to stop."""

import math
from collections.abc import Sequence

import torch


def rate_factor(step: int, progress: float, *, warm_up_steps: int) -> float:
    """Share of the peak rate: a linear rise over the first steps, then half a cosine to 2 %.

    `progress` is the share of the run's steps or time that is spent, 0 to 1.
    """
    rise = min(1.0, (step + 1) / max(warm_up_steps, 1))
    fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(max(progress, 0.0), 1.0)))
    return rise * fall


def optimizer_of(
    groups: Sequence[tuple[Sequence[torch.nn.Parameter], float]],
) -> torch.optim.AdamW:
    """AdamW without weight decay over groups of parameters, each with its own peak rate."""
    trained = [
        {"params": [p for p in params if p.requires_grad], "lr": rate, "peak_rate": rate}
        for params, rate in groups
    ]
    return torch.optim.AdamW([group for group in trained if group["params"]], weight_decay=0.0)


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Set each group's rate to `factor` times its own peak, never to another group's."""
    for group in optimizer.param_groups:
        group["lr"] = factor * group["peak_rate"]


class PlateauDetector:
    """Tells when the mean loss of successive windows of steps no longer falls."""

    def __init__(self, *, window: int, min_gain: float, patience: int) -> None:
        self._window = window
        self._min_gain = min_gain
        self._patience = patience
        self._sum = 0.0
        self._count = 0
        self._best = math.inf
        self._stale = 0

    def add(self, loss: float) -> bool:
        """Take one step's loss; true once `patience` windows gained less than `min_gain`."""
        self._sum += loss
        self._count += 1
        if self._count < self._window:
            return False
        mean, self._sum, self._count = self._sum / self._count, 0.0, 0
        has_gained = mean < self._best * (1 - self._min_gain) or self._best == math.inf
        self._best = min(mean, self._best)
        self._stale = 0 if has_gained else self._stale + 1
        return self._stale >= self._patience
