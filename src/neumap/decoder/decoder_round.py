"""One round of the `anchored` decoder, and the decoder's shape.

Legend: N pixel, R rank, H head, D width.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from neumap.codes.code_space import STEP_OF_SIGMA
from neumap.decoder.attention import linear_layer
from neumap.decoder.candidates import Candidates
from neumap.decoder.evidence import NUM_EVIDENCE
from neumap.errors import OptionError


@dataclass(frozen=True, kw_only=True, slots=True)
class AnchoredDecoderConfig:
    """Shape of the network, stored with its weights."""

    descriptor_dim: int = 64
    """Channels of the extractor's descriptors."""
    width: int = 32
    """Width of tokens."""
    num_heads: int = 4
    """Attention heads."""
    num_rounds: int = 2
    """Blocks: evidence is gathered, pixels read their candidates' tokens, scores are changed."""
    num_candidates: int = 4
    """Codes that a pixel may choose from."""
    hidden: int = 32
    """Width of the layer that weighs evidence."""
    matches: Literal["learned", "union", "plain"] = "learned"
    """Which pairs are given: mutual by learned score, those and the mutual nearest neighbours,
    or the latter alone."""
    num_levels: int = 16
    """Levels of a stored value (see `CodeSpace`)."""
    min_confidence: float = 0.0
    """Pairs of less confidence are not given."""

    def __post_init__(self) -> None:
        """Refuse impossible shapes."""
        sizes = (self.descriptor_dim, self.width, self.num_heads, self.num_rounds, self.hidden)
        is_shape = min(*sizes, self.num_candidates - 1) >= 1 and self.width % self.num_heads == 0
        is_shape = is_shape and self.num_levels in STEP_OF_SIGMA
        if not is_shape or not 0 <= self.min_confidence < 1:
            raise OptionError("AnchoredDecoderConfig", f"{self} is impossible", "Correct it.")


class DecoderRound(nn.Module):
    """Pixels read the tokens of their candidates; evidence and tokens change the scores."""

    def __init__(self, config: AnchoredDecoderConfig, *, generator: torch.Generator) -> None:
        super().__init__()
        width, heads = config.width, config.num_heads
        self.num_heads = heads
        self.norm = nn.LayerNorm(width)
        self.to_queries = linear_layer(width, width, generator=generator)
        self.to_keys = linear_layer(width, width, generator=generator)
        self.to_values = linear_layer(width, width, generator=generator)
        self.to_output = linear_layer(width, width, generator=generator)
        self.pixel_part = linear_layer(width, config.hidden, generator=generator)
        self.token_part = linear_layer(width, config.hidden, generator=generator)
        self.pair_part = linear_layer(NUM_EVIDENCE + heads, config.hidden, generator=generator)
        self.middle = linear_layer(config.hidden, config.hidden, generator=generator)
        self.head = linear_layer(config.hidden, 2, generator=generator)
        self.dustbin_head = linear_layer(config.hidden, 1, generator=generator)
        for start in (self.to_output, self.head, self.dustbin_head):
            nn.init.zeros_(start.weight)

    def forward(
        self,
        pixels: Float[Tensor, "pixel width"],
        tokens: Float[Tensor, "code width"],
        candidates: Candidates,
        evidence: Float[Tensor, "pixel rank evidence"],
    ) -> tuple[Float[Tensor, "pixel width"], Candidates]:
        """Return the pixels' new tokens and the candidates with new scores."""
        idx = candidates.code_idx
        keys = functional.embedding(idx, self.to_keys(tokens)).unflatten(-1, (self.num_heads, -1))
        queries = self.to_queries(self.norm(pixels)).unflatten(-1, (self.num_heads, -1))
        agreement = (queries[:, None] * keys).sum(dim=3) / math.sqrt(keys.shape[-1])
        attention = (agreement + candidates.score.detach()[..., None]).softmax(dim=1)
        values = functional.embedding(idx, self.to_values(tokens))
        values = values.unflatten(-1, (self.num_heads, -1))
        read = (attention[..., None] * values).sum(dim=1).flatten(1)
        pixels = pixels + self.to_output(read)
        hidden = self.pair_part(torch.cat([evidence, agreement], dim=2))
        hidden = hidden + functional.embedding(idx, self.token_part(tokens))
        hidden = functional.gelu(hidden + self.pixel_part(self.norm(pixels))[:, None])
        hidden = hidden + functional.gelu(self.middle(hidden))
        change, confidence = self.head(hidden).float().unbind(dim=2)
        dustbin = self.dustbin_head(hidden).float().amax(dim=1)[:, 0]
        changed = replace(
            candidates,
            score=candidates.score + change,
            dustbin=candidates.dustbin + dustbin,
            confidence_logit=candidates.confidence_logit + confidence,
        )
        return pixels, changed
