"""Candidates of each key-point: the codes most alike, and how they compare.

Legend: N pixel, R rank among the pixel's candidates, K code.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Candidates:
    """The best codes of each pixel by cosine, with the scores that the decoder gives them."""

    code_idx: Int[Tensor, "pixel rank"]
    cosine: Float[Tensor, "pixel rank"]
    """Falling along the ranks."""
    cosine_of_code: Float[Tensor, " code"]
    """Each code's best cosine over all pixels."""
    score: Float[Tensor, "pixel rank"]
    """Assignment logits; at the start the cosine times the decoder's scale."""
    dustbin: Float[Tensor, " pixel"]
    """Logit of "this pixel shows no code"."""
    confidence_logit: Float[Tensor, "pixel rank"]
    """Log-odds that this pixel shows this code."""

    @property
    def num_codes(self) -> int:
        """Number of codes, candidates or not."""
        return len(self.cosine_of_code)

    def log_share_of_pixel(self) -> Float[Tensor, "pixel rank"]:
        """Log-probability of each candidate among its pixel's candidates and "no code"."""
        rivals = torch.cat([self.score, self.dustbin[:, None]], dim=1)
        return self.score - torch.logsumexp(rivals, dim=1, keepdim=True)

    def log_share_of_code(self, floor: float) -> Float[Tensor, "pixel rank"]:
        """Log-probability of each pixel among those that have the code as a candidate.

        `floor` is the logit of "no pixel shows this code".
        """
        flat_code, flat_score = self.code_idx.flatten(), self.score.flatten()
        top = torch.full((self.num_codes,), floor, device=flat_score.device)
        top = top.scatter_reduce(0, flat_code, flat_score.detach(), "amax")
        mass = (floor - top).exp().scatter_add(0, flat_code, (flat_score - top[flat_code]).exp())
        log_sum = top + mass.log()
        return self.score - log_sum[self.code_idx]

    def is_mutual(self) -> Bool[Tensor, "pixel rank"]:
        """Tell which candidate is its pixel's best and whose pixel is that code's best.

        Ties go to the lower rank and then to every pixel of equal score.
        """
        flat = self.score.flatten()
        best_of_code = torch.full((self.num_codes,), -torch.inf, device=flat.device)
        best_of_code = best_of_code.scatter_reduce(0, self.code_idx.flatten(), flat, "amax")
        best = torch.zeros_like(self.score, dtype=torch.bool)
        best[torch.arange(len(best), device=best.device), self.score.argmax(dim=1)] = True
        return best & (self.score >= best_of_code[self.code_idx])

    def detached(self) -> "Candidates":
        """Return the same numbers without gradients."""
        return replace(
            self,
            score=self.score.detach(),
            dustbin=self.dustbin.detach(),
            confidence_logit=self.confidence_logit.detach(),
        )


def find_candidates(
    cosine: Float[Tensor, "pixel code"], *, num_candidates: int, scale: Float[Tensor, ""]
) -> Candidates:
    """Take each pixel's best codes (all, if there are fewer)."""
    best, code_idx = cosine.topk(min(num_candidates, cosine.shape[1]), dim=1)
    score = scale * best
    return Candidates(
        code_idx=code_idx,
        cosine=best,
        cosine_of_code=cosine.amax(dim=0),
        score=score,
        dustbin=torch.zeros_like(best[:, 0]),
        confidence_logit=torch.zeros_like(best),
    )
