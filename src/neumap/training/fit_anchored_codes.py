"""Code-only mapping for the `anchored` decoder: the network stays as it is, codes are fitted.

Codes start as projected mean descriptors. They are then moved so that, after quantisation, each
mapping view's key-points find their code among all codes, and codes find their key-point among all
of the view's. Legend: N pixel, K code.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor
from torch.nn import functional

from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.errors import MappingError
from neumap.scene import Scene
from neumap.training.anchored_losses import quantised_straight_through
from neumap.training.episodes import truth_of
from neumap.training.paper_config import StopReason
from neumap.training.random_streams import stream
from neumap.training.schedule import PlateauDetector, optimizer_of, rate_factor, set_rates


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeFitConfig:
    """How codes are fitted."""

    max_visits: int = 900
    """Most visits of views in all: bounds the time, whatever the number of views."""
    pairs_per_visit: int = 400
    """Most pairs of key-point and code that one visit learns from, drawn at random."""
    visits_per_view: int = 12
    """Visits of each view, where that is less."""
    views_per_step: int = 4
    """Views whose gradients are added up."""
    rate: float = 0.15
    """Peak learning rate in quantiser steps."""
    prior: float = 0.2
    """Pull back to the mean descriptor: weight of the mean squared distance in steps."""
    by_code: float = 1.0
    """Weight of "a code finds its key-point" against "a key-point finds its code"."""
    unsure_px: float = 8.0
    """Key-points this near to a code that they are not known to show count for nothing."""
    plateau_gain: float = 0.003
    """Relative fall of the loss over a round of all views that still counts as progress."""

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if min(self.max_visits, self.visits_per_view, self.views_per_step, self.rate) <= 0:
            raise ValueError(f"{self} has limits that are not positive")


@dataclass(frozen=True, kw_only=True)
class CodeFitReport:
    """How a fit went."""

    stop_reason: StopReason
    num_steps: int
    seconds: float
    first_loss: float
    """Mean loss of the first tenth of the steps (of one, if they are few)."""
    last_loss: float
    """Mean loss of the last tenth."""


@dataclass(frozen=True, eq=False)
class _ViewData:
    """One view's key-points and what they show, for all codes."""

    queries: Float32[Tensor, "pixel value"]
    pixel_idx: Int[Tensor, " shown"]
    code_idx: Int[Tensor, " shown"]
    xy_px: Float32[Tensor, "pixel 2"]
    code_xy_px: Float32[Tensor, "code 2"]

    def drawn(self, count: int, generator: torch.Generator) -> "_ViewData":
        """Keep `count` of the pairs, at random."""
        if len(self.pixel_idx) <= count:
            return self
        kept = torch.randperm(len(self.pixel_idx), generator=generator)[:count]
        return replace(self, pixel_idx=self.pixel_idx[kept], code_idx=self.code_idx[kept])


def fit_anchored_codes(
    scene: Scene,
    chosen: Int[np.ndarray, " code"],
    decoder: AnchoredDecoder,
    *,
    config: CodeFitConfig | None = None,
    num_levels: int | None = None,
    seed: int = 0,
) -> tuple[Float32[np.ndarray, "code value"], CodeFitReport]:
    """Return the values of the chosen points' codes, to be quantised with `num_levels` levels
    (default: those of the decoder's code space).

    No weight of the decoder changes. Raises MappingError if no view shows a chosen point.
    """
    config = config if config is not None else CodeFitConfig()
    started = time.monotonic()
    views = _views_of(scene, chosen, decoder)
    if not views:
        raise MappingError("codes", "no view shows a chosen point", "Choose other points.")
    space = decoder.code_space
    space = space if num_levels is None else space.with_levels(num_levels)
    step = torch.from_numpy(space.step)
    start = torch.from_numpy(space.project(scene.points.descriptors[chosen])) / step
    levels = torch.nn.Parameter(start.clone())
    optimizer = optimizer_of([([levels], config.rate)])
    scale = decoder.log_scale.detach().exp().cpu()
    num_visits = min(config.max_visits, config.visits_per_view * len(views))
    num_steps = max(num_visits // config.views_per_step, 1)
    plateau = PlateauDetector(
        window=max(len(views) // config.views_per_step, 10),
        min_gain=config.plateau_gain,
        patience=2,
    )
    order = _visiting_order(len(views), num_steps * config.views_per_step, seed)
    generator = stream(seed, "pairs of the code fit")
    losses: list[float] = []
    stop: StopReason = "steps"
    for number in range(num_steps):
        set_rates(optimizer, rate_factor(number, number / num_steps, warm_up_steps=5))
        optimizer.zero_grad(set_to_none=True)
        stored = quantised_straight_through(levels * step, step, num_levels=space.num_levels)
        unit = functional.normalize(stored, dim=1)
        own = order[number * config.views_per_step : (number + 1) * config.views_per_step]
        drawn = [views[index].drawn(config.pairs_per_visit, generator) for index in own]
        parts = [_view_loss(view, unit, scale, config) for view in drawn]
        loss = torch.stack(parts).mean()
        (loss + config.prior * (levels - start).square().mean()).backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        if plateau.add(losses[-1]):
            stop = "converged"
            break
    tenth = max(len(losses) // 10, 1)
    report = CodeFitReport(
        stop_reason=stop,
        num_steps=len(losses),
        seconds=time.monotonic() - started,
        first_loss=float(np.mean(losses[:tenth])),
        last_loss=float(np.mean(losses[-tenth:])),
    )
    return (levels.detach() * step).numpy().astype(np.float32), report


def _views_of(
    scene: Scene, chosen: Int[np.ndarray, " code"], decoder: AnchoredDecoder
) -> list[_ViewData]:
    points = scene.points
    code_of_point = np.full(len(points), -1)
    code_of_point[chosen] = np.arange(len(chosen))
    code_of_obs = code_of_point[points.obs_point_idx]
    out: list[_ViewData] = []
    for index, view in enumerate(scene.views):
        own = (points.obs_view_idx == index) & (code_of_obs >= 0)
        if own.sum() < 2:
            continue
        unknown = np.full(len(view.xy_cam), np.nan)
        truth = truth_of(view, unknown, points.xyz_in_world[chosen])
        with torch.inference_mode():
            descriptors = torch.from_numpy(np.ascontiguousarray(view.features.descriptors))
            queries = decoder.queries(descriptors.to(decoder.mean.device)).cpu()
        out.append(
            _ViewData(
                queries.clone(),
                torch.from_numpy(points.obs_pixel_idx[own].astype(np.int64)),
                torch.from_numpy(code_of_obs[own].astype(np.int64)),
                truth.xy_px,
                truth.code_xy_px,
            )
        )
    return out


def _view_loss(
    view: _ViewData,
    unit_codes: Float[Tensor, "code value"],
    scale: Float[Tensor, ""],
    config: CodeFitConfig,
) -> Float[Tensor, ""]:
    """Cross-entropy over all codes for pixels that show one, and over all pixels for these."""
    pixel, code = view.pixel_idx, view.code_idx
    shown = torch.arange(len(pixel))
    by_pixel = scale * view.queries[pixel] @ unit_codes.T  # (shown, code)
    rivals = by_pixel.masked_fill(
        _is_unsure(view.xy_px[pixel], view.code_xy_px, shown, code, config.unsure_px), -torch.inf
    )
    loss = rivals.logsumexp(dim=1) - by_pixel[shown, code]
    by_code = scale * unit_codes[code] @ view.queries.T  # (shown, pixel)
    rivals = by_code.masked_fill(
        _is_unsure(view.code_xy_px[code], view.xy_px, shown, pixel, config.unsure_px), -torch.inf
    )
    other = rivals.logsumexp(dim=1) - by_code[shown, pixel]
    return loss.mean() + config.by_code * other.mean()


def _is_unsure(
    xy: Float32[Tensor, "shown 2"],
    others: Float32[Tensor, "other 2"],
    shown: Int[Tensor, " shown"],
    own: Int[Tensor, " shown"],
    within_px: float,
) -> Tensor:
    """Mark pairs that are near one another but not known to be the same; NaN is far."""
    near = torch.cdist(xy, others) < within_px
    near[shown, own] = False
    return near


def _visiting_order(num_views: int, num_visits: int, seed: int) -> list[int]:
    generator = stream(seed, "views of the code fit")
    rounds = -(-num_visits // num_views)
    order = [torch.randperm(num_views, generator=generator) for _ in range(rounds)]
    return torch.cat(order)[:num_visits].tolist()
