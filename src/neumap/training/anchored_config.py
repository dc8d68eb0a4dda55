"""Settings of the `anchored` decoder's pre-training."""

from dataclasses import dataclass, field

from neumap.training.episodes import EpisodeConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class AnchoredLossConfig:
    """Weights of the losses."""

    metric: float = 0.5
    """Cross-entropy of plain cosines over all codes and over all pixels: trains the code space."""
    pixel: float = 1.0
    """Cross-entropy of a pixel's code among its candidates."""
    code: float = 0.5
    """Cross-entropy of a code's pixel among those that have it as a candidate."""
    nothing: float = 0.5
    """Weight of pixels and codes that show nothing, against those that do."""
    confidence: float = 0.5
    """Binary cross-entropy of "this match is right"."""
    earlier_rounds: float = 0.4
    """Weight of each round before the last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnchoredTrainingConfig:
    """How long and how fast to train."""

    max_seconds: float = 1500.0
    """Wall time; the learning rate falls over it, so a run is not repeatable to the bit."""
    max_steps: int = 1_000_000
    """Most steps; with this the smaller limit, a run is repeatable."""
    episodes_per_step: int = 2
    """Episodes whose gradients are added up."""
    network_rate: float = 2e-3
    """Peak learning rate of the network."""
    space_rate: float = 2e-4
    """Peak learning rate of the code space's projection."""
    warm_up_steps: int = 100
    """Steps of linear rise."""
    gradient_clip: float = 1.0
    """Largest norm of a gradient."""
    is_bf16: bool = False
    """Multiply matrices in bfloat16 (autocast)."""
    right_px: float = 4.0
    """A match is right if the anchor projects within this, at a focal length of 500."""
    unsure_px: float = 8.0
    """Matches between `right_px` and this teach nothing."""
    checkpoint_every: int = 500
    """Steps between checkpoints."""
    log_every: int = 50
    """Steps between lines of the log."""
    losses: AnchoredLossConfig = field(default_factory=AnchoredLossConfig)
    episodes: EpisodeConfig = field(default_factory=EpisodeConfig)

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        limits = (self.max_seconds, self.max_steps, self.episodes_per_step, self.gradient_clip)
        if min(limits) <= 0 or not 0 < self.right_px <= self.unsure_px:
            raise ValueError(f"{self} has limits that are not positive")
