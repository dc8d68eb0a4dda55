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
from scipy.spatial import KDTree
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
class _Pairs:
    """Places of a table with a row for each shown pair: what is near it, but not known as it."""

    row_idx: Int[Tensor, " near"]
    column_idx: Int[Tensor, " near"]

    def of_rows(self, kept: Int[Tensor, " kept"], num_rows: int) -> "_Pairs":
        """Return the places of a table of these rows alone."""
        place = torch.full((num_rows,), -1)
        place[kept] = torch.arange(len(kept))
        row_idx = place[self.row_idx]
        return _Pairs(row_idx[row_idx >= 0], self.column_idx[row_idx >= 0])


@dataclass(frozen=True, eq=False)
class _ViewData:
    """One view's key-points and what they show, for all codes."""

    queries: Float32[Tensor, "pixel value"]
    pixel_idx: Int[Tensor, " shown"]
    code_idx: Int[Tensor, " shown"]
    near_codes: _Pairs
    """Codes that lie near a shown pair's key-point."""
    near_pixels: _Pairs
    """Key-points that lie near a shown pair's code."""

    def drawn(self, count: int, generator: torch.Generator) -> "_ViewData":
        """Keep `count` of the pairs, at random."""
        num_shown = len(self.pixel_idx)
        if num_shown <= count:
            return self
        kept = torch.randperm(num_shown, generator=generator)[:count]
        return replace(
            self,
            pixel_idx=self.pixel_idx[kept],
            code_idx=self.code_idx[kept],
            near_codes=self.near_codes.of_rows(kept, num_shown),
            near_pixels=self.near_pixels.of_rows(kept, num_shown),
        )


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
    views = _views_of(scene, chosen, decoder, unsure_px=config.unsure_px)
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
    report = _report_of(losses, stop, seconds=time.monotonic() - started)
    return (levels.detach() * step).numpy().astype(np.float32), report


def _report_of(losses: list[float], stop: StopReason, *, seconds: float) -> CodeFitReport:
    tenth = max(len(losses) // 10, 1)
    return CodeFitReport(
        stop_reason=stop,
        num_steps=len(losses),
        seconds=seconds,
        first_loss=float(np.mean(losses[:tenth])),
        last_loss=float(np.mean(losses[-tenth:])),
    )


def _views_of(
    scene: Scene, chosen: Int[np.ndarray, " code"], decoder: AnchoredDecoder, *, unsure_px: float
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
        pixel, code = points.obs_pixel_idx[own].astype(np.int64), code_of_obs[own].astype(np.int64)
        xy_px, code_xy_px = truth.xy_px.numpy(), truth.code_xy_px.numpy()
        out.append(
            _ViewData(
                queries.clone(),
                torch.from_numpy(pixel),
                torch.from_numpy(code),
                _near(xy_px[pixel], code_xy_px, code, within_px=unsure_px),
                _near(code_xy_px[code], xy_px, pixel, within_px=unsure_px),
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
    by_pixel = scale * view.queries[pixel] @ unit_codes.T  # (shown, code)
    loss = _surprise(by_pixel, code, view.near_codes)
    by_code = scale * unit_codes[code] @ view.queries.T  # (shown, pixel)
    return loss + config.by_code * _surprise(by_code, pixel, view.near_pixels)


def _surprise(
    scores: Float[Tensor, "shown other"], own: Int[Tensor, " shown"], unsure: _Pairs
) -> Float[Tensor, ""]:
    """Mean of -log of the softmax at each row's own column; unsure places count for nothing.

    Changes `scores`.
    """
    right = scores[torch.arange(len(own)), own]
    rivals = scores.index_put_((unsure.row_idx, unsure.column_idx), torch.tensor(-torch.inf))
    return (rivals.logsumexp(dim=1) - right).mean()


def _near(
    xy: Float32[np.ndarray, "shown 2"],
    others: Float32[np.ndarray, "other 2"],
    own: Int[np.ndarray, " shown"],
    *,
    within_px: float,
) -> _Pairs:
    """List pairs that are near one another but not known to be the same; NaN is far."""
    rows, columns = (np.flatnonzero(np.isfinite(part).all(axis=1)) for part in (xy, others))
    near = KDTree(xy[rows]).sparse_distance_matrix(
        KDTree(others[columns]), within_px, output_type="ndarray"
    )
    row_idx, column_idx = rows[near["i"]], columns[near["j"]]
    is_other = own[row_idx] != column_idx
    return _Pairs(torch.from_numpy(row_idx[is_other]), torch.from_numpy(column_idx[is_other]))


def _visiting_order(num_views: int, num_visits: int, seed: int) -> list[int]:
    generator = stream(seed, "views of the code fit")
    rounds = -(-num_visits // num_views)
    order = [torch.randperm(num_views, generator=generator) for _ in range(rounds)]
    return torch.cat(order)[:num_visits].tolist()
