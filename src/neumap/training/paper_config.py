"""Settings and report of the `paper` decoder's training."""

from dataclasses import dataclass, field
from typing import Literal

from neumap.training.feature_buffer import BatchConfig

StopReason = Literal["converged", "steps", "time", "diverged"]
"""Why a run ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LossConfig:
    """Weights and scales of the losses; lengths are in the voxels' unit of length."""

    coordinate: float = 1.0
    """Weight of the coordinate loss (eq. 9)."""
    coordinate_threshold: float = 0.1
    """Distance beyond which the coordinate loss grows as a square root."""
    confidence: float = 0.3
    """Weight of the confidence loss (eq. 10)."""
    reprojection: float = 0.0
    """Weight of the 2D loss; 0 as in the paper."""
    reprojection_px: float = 20.0
    """Robust scale of the 2D loss."""
    sparsity: float = 0.0
    """Weight of the sparsity of scales (eq. 11); above 0 only before pruning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperTrainingConfig:
    """How long and how fast to train."""

    max_steps: int = 2000
    """Most steps."""
    max_seconds: float = float("inf")
    """Most wall time; a run that ends on it is not repeatable to the bit."""
    network_rate: float = 1e-3
    """Peak learning rate of the network (paper: 2e-3 at 64 times the batch)."""
    code_rate: float = 1e-2
    """Peak learning rate of codes and scales, independent of the network's."""
    warm_up_steps: int = 100
    """Steps of linear rise."""
    gradient_clip: float = 0.5
    """Largest norm of a gradient, for the network and for each scene's codes."""
    is_bf16: bool = False
    """Multiply matrices in bfloat16 (autocast); coordinates stay in single precision."""
    plateau_window: int = 100
    """Steps over which the loss is averaged to look for convergence."""
    plateau_gain: float = 0.005
    """Relative fall of the averaged loss that still counts as progress."""
    plateau_patience: int = 3
    """Windows without progress after which training stops."""
    losses: LossConfig = field(default_factory=LossConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.max_steps < 1 or self.max_seconds <= 0 or self.gradient_clip <= 0:
            raise ValueError(f"{self} has limits that are not positive")


@dataclass(frozen=True, kw_only=True)
class CodeLayout:
    """How many codes a voxel gets."""

    codes_per_block: int = 100


@dataclass(frozen=True, kw_only=True)
class TrainingReport:
    """How a run went; a run that diverged says so and leaves the last finite parameters."""

    stop_reason: StopReason
    num_steps: int
    seconds: float
    final_losses: dict[str, float]
    """Losses of the last step, by name; coordinates in the voxels' unit of length."""
