"""Candidates of each key-point: the codes most alike, and how they compare.

Legend: N pixel, R rank among the pixel's candidates, K code.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

_BLOCK = 64  # pixels; with thousands of codes their cosines fill about the second cache
_GROUP_SIZE = 16  # codes whose maximum is taken before the best are sorted out


@dataclass(frozen=True, eq=False)
class Candidates:
    """The best codes of each pixel by cosine, with the scores that the decoder gives them."""

    code_idx: Int[Tensor, "pixel rank"]
    cosine: Float[Tensor, "pixel rank"]
    """Falling along the ranks."""
    cosine_of_code: Float[Tensor, " code"]
    """Each code's best cosine over all pixels."""
    cosine_elsewhere: Float[Tensor, " code"]
    """Each code's best cosine over the pixels that it is no candidate of; -inf without any."""
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
    """Take each pixel's best codes (all, if there are fewer) from all cosines."""
    best, code_idx = cosine.topk(min(num_candidates, cosine.shape[1]), dim=1)
    elsewhere = cosine.detach().scatter(1, code_idx, -torch.inf).amax(dim=0)
    return _unscored(best, code_idx, elsewhere, scale)


def search_candidates(
    queries: Float[Tensor, "pixel value"],
    unit_codes: Float[Tensor, "code value"],
    *,
    num_candidates: int,
    scale: Float[Tensor, ""],
) -> Candidates:
    """Find what `find_candidates` finds in `queries @ unit_codes.T`, without gradients.

    Pixels are taken in blocks whose cosines stay in the processor's cache; a matrix of all
    cosines would cost ten times as much to write and read as to compute.
    """
    num_codes = len(unit_codes)
    count = min(num_candidates, num_codes)
    best, code_idx = queries.new_empty(len(queries), count), []
    elsewhere = queries.new_full((num_codes,), -torch.inf)
    for start in range(0, len(queries), _BLOCK):
        cosine = queries[start : start + _BLOCK] @ unit_codes.T
        top, idx = _top_of_rows(cosine, count)
        best[start : start + _BLOCK] = top
        code_idx.append(idx)
        rest = cosine.scatter_(1, idx, -torch.inf).amax(dim=0)
        torch.maximum(elsewhere, rest, out=elsewhere)
    return _unscored(best, torch.cat(code_idx), elsewhere, scale)


def _top_of_rows(
    values: Float[Tensor, "row column"], count: int
) -> tuple[Float[Tensor, "row rank"], Int[Tensor, "row rank"]]:
    """Return what `topk` does. Of G groups, group g has the columns g, g + G, g + 2 G, ...: the
    best of a row lie in its groups of the best maxima, and maxima are fast where sorting is not."""
    num_rows, num_columns = values.shape
    num_groups = num_columns // _GROUP_SIZE
    if num_groups < 4 * count:
        return values.topk(count, dim=1)
    num_grouped = num_groups * _GROUP_SIZE
    grouped = values[:, :num_grouped].view(num_rows, _GROUP_SIZE, num_groups)
    groups = grouped.amax(dim=1).topk(count, dim=1, sorted=False).indices
    steps = torch.arange(0, num_grouped, num_groups, device=values.device)
    left_over = torch.arange(num_grouped, num_columns, device=values.device)
    columns = torch.cat(
        [(groups[:, :, None] + steps).flatten(1), left_over.expand(num_rows, -1)], dim=1
    )
    best, place = values.gather(1, columns).topk(count, dim=1)
    return best, columns.gather(1, place)


def _unscored(
    best: Float[Tensor, "pixel rank"],
    code_idx: Int[Tensor, "pixel rank"],
    elsewhere: Float[Tensor, " code"],
    scale: Float[Tensor, ""],
) -> Candidates:
    """Candidates as they are before the first round."""
    of_code = elsewhere.scatter_reduce(0, code_idx.flatten(), best.detach().flatten(), "amax")
    return Candidates(
        code_idx=code_idx,
        cosine=best,
        cosine_of_code=of_code,
        cosine_elsewhere=elsewhere,
        score=scale * best,
        dustbin=torch.zeros_like(best[:, 0]),
        confidence_logit=torch.zeros_like(best),
    )
