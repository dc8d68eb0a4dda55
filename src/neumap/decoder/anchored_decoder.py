"""The `anchored` decoder: key-points find their code among thin codes with a position.

A pixel's coordinate is the anchor of its best code. Scores start as the scaled cosine of
descriptor and code, so that the untrained network is the mutual nearest neighbour; all that is
learned is added on top (`decoder.md`, sections 3 and 5). Legend: N pixel, R rank, K code, D width.
"""

import math
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int
from torch import Tensor, nn
from torch.nn import functional

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.code_space import STEP_OF_SIGMA, CodeSpace
from neumap.decoder.attention import linear_layer
from neumap.decoder.candidates import Candidates, find_candidates, search_candidates
from neumap.decoder.decoder_round import AnchoredDecoderConfig, DecoderRound
from neumap.decoder.evidence import gather_evidence
from neumap.decoder.scene_coordinates import AbstractSceneDecoder, SceneCoordinates
from neumap.decoder.token_lift import LiftedCodes, TokenLift
from neumap.features import LocalFeatures

_START_SCALE = 25.0
_START_DUSTBIN = 0.8  # cosine at which a match and "no code" start out equal


class AnchoredDecoder(nn.Module, AbstractSceneDecoder[AnchoredCodes]):
    """The network that all scenes share, with the code space that its codes live in."""

    mean: Tensor
    projection: nn.Parameter
    step: Tensor

    def __init__(
        self,
        code_space: CodeSpace,
        config: AnchoredDecoderConfig | None = None,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        config = config if config is not None else AnchoredDecoderConfig()
        generator = generator if generator is not None else torch.Generator().manual_seed(0)
        self.config = config
        self.register_buffer("mean", torch.from_numpy(code_space.mean.copy()))
        self.projection = nn.Parameter(torch.from_numpy(code_space.projection.copy()))
        self.register_buffer("step", torch.from_numpy(code_space.step.copy()))
        self.log_scale = nn.Parameter(torch.tensor(math.log(_START_SCALE)))
        self.dustbin = nn.Parameter(torch.tensor(_START_SCALE * _START_DUSTBIN))
        # Log-odds of a match as a line in its cosine, until training adds to it.
        self.confidence_line = nn.Parameter(torch.tensor([10.0, -8.5]))
        self.query_expand = linear_layer(config.descriptor_dim, 64, generator=generator)
        self.query_contract = linear_layer(64, code_space.num_values, generator=generator)
        nn.init.zeros_(self.query_contract.weight)
        self.to_pixels = linear_layer(config.descriptor_dim, config.width, generator=generator)
        self.lift = TokenLift(code_space.num_values, config.width, generator=generator)
        self.rounds = nn.ModuleList(
            [DecoderRound(config, generator=generator) for _ in range(config.num_rounds)]
        )
        self._lifted: WeakKeyDictionary[AnchoredCodes, tuple[LiftedCodes, Tensor]] = (
            WeakKeyDictionary()
        )

    @property
    def code_space(self) -> CodeSpace:
        """The space of codes and queries; part of the weights."""
        mean, projection, step = (
            tensor.detach().cpu().numpy() for tensor in (self.mean, self.projection, self.step)
        )
        return CodeSpace(mean, projection, step, self.config.num_levels)

    def unit_codes(self, codes: AnchoredCodes) -> Float32[np.ndarray, "code value"]:
        """Return a scene's codes at unit length; they may have other levels than the network's."""
        return self.code_space.with_levels(2**codes.code_bits).unit_codes(codes.levels)

    def queries(self, descriptors: Float[Tensor, "pixel channel"]) -> Float[Tensor, "pixel value"]:
        """Project descriptors to unit length: `CodeSpace.query` plus a learned residual."""
        linear = (descriptors - self.mean) @ self.projection.T
        residual = self.query_contract(functional.gelu(self.query_expand(descriptors)))
        return functional.normalize(
            linear + residual * (self.step / STEP_OF_SIGMA[self.config.num_levels]), dim=1
        )

    def forward(
        self,
        descriptors: Float[Tensor, "pixel channel"],
        xy: Float[Tensor, "pixel 2"],
        codes: LiftedCodes,
    ) -> list[Candidates]:
        """Score each pixel's candidates; the last of the returned rounds is the answer."""
        return self.rescore(descriptors, xy, codes, tokens=self.lift(codes))[1]

    def rescore(
        self,
        descriptors: Float[Tensor, "pixel channel"],
        xy: Float[Tensor, "pixel 2"],
        codes: LiftedCodes,
        *,
        tokens: Float[Tensor, "code width"],
    ) -> tuple[Float[Tensor, "pixel code"], list[Candidates]]:
        """Return plain cosines and the candidates after each round, with gradients."""
        cosine = self.queries(descriptors) @ codes.unit_codes.T
        found = find_candidates(
            cosine, num_candidates=self.config.num_candidates, scale=self.log_scale.exp()
        )
        return cosine, self._rescored(found, descriptors, xy, codes=codes, tokens=tokens)

    def _rescored(
        self,
        found: Candidates,
        descriptors: Float[Tensor, "pixel channel"],
        xy: Float[Tensor, "pixel 2"],
        *,
        codes: LiftedCodes,
        tokens: Float[Tensor, "code width"],
    ) -> list[Candidates]:
        """Run the rounds; the candidates after each."""
        line = self.confidence_line
        found = replace(
            found,
            dustbin=found.dustbin + self.dustbin,
            confidence_logit=line[0] * found.cosine + line[1],
        )
        floor = float(self.dustbin.detach())
        extent = xy.std(dim=0).mean().clamp(min=1e-6) if len(xy) > 1 else xy.new_ones(())
        pixels = self.to_pixels(descriptors)
        rounds: list[Candidates] = []
        for block in self.rounds:
            evidence = gather_evidence(found, xy / extent, codes, code_floor=floor)
            pixels, found = block(pixels, tokens, found, evidence)
            rounds.append(found)
        return rounds

    @torch.inference_mode()
    def predict(
        self,
        features: LocalFeatures,
        codes: AnchoredCodes,
        *,
        voxel_idx: Int[np.ndarray, " active"] | None = None,
    ) -> SceneCoordinates:
        """Match key-points with codes: at most one candidate a key-point and a code, or with
        `matches="union"` two."""
        active = self._active(codes, voxel_idx)
        if len(features) == 0 or active is None:
            return SceneCoordinates.empty()
        lifted, tokens, anchors = active
        descriptors, xy = self._pixels(features)
        scale = self.log_scale.exp()
        found = search_candidates(
            self.queries(descriptors),
            lifted.unit_codes,
            num_candidates=self.config.num_candidates,
            scale=scale,
        )
        final = self._rescored(found, descriptors, xy, codes=lifted, tokens=tokens)[-1]
        pairs: list[Tensor] = []
        if self.config.matches != "plain":
            pairs.append(_learned_pairs(final, scale))
        if self.config.matches != "learned":
            pairs.append(_plain_pairs(final))
        # pixel and code as one number: rows are told apart far more slowly than numbers
        pixel, code = torch.cat(pairs).unbind(dim=1)
        wanted = torch.unique(pixel * len(lifted) + code)
        pixel, code = wanted // len(lifted), wanted % len(lifted)
        is_pair = final.code_idx[pixel] == code[:, None]  # every given pair is a candidate
        logit = torch.where(is_pair, final.confidence_logit[pixel], -torch.inf).amax(dim=1)
        confidence = logit.sigmoid().float().cpu().numpy()
        kept = confidence >= self.config.min_confidence
        pixel_idx, code_idx = pixel.cpu().numpy()[kept], code.cpu().numpy()[kept]
        return SceneCoordinates.from_unsorted(pixel_idx, anchors[code_idx], confidence[kept])

    @torch.inference_mode()
    def query_vectors(self, features: LocalFeatures) -> Float32[np.ndarray, "pixel value"]:
        """Unit vectors whose dot product with `CodeSpace.unit_codes` is the plain cosine."""
        return self.queries(self._pixels(features)[0]).cpu().numpy()

    @torch.inference_mode()
    def similarity(
        self, features: LocalFeatures, codes: AnchoredCodes
    ) -> Float32[np.ndarray, "pixel code"]:
        """Plain cosines of key-points and quantised codes, for the guided pass."""
        lifted, _ = self._lift_once(codes)
        descriptors, _ = self._pixels(features)
        return (self.queries(descriptors) @ lifted.unit_codes.T).cpu().numpy()

    def _pixels(self, features: LocalFeatures) -> tuple[Tensor, Tensor]:
        device = self.mean.device
        descriptors = torch.from_numpy(np.ascontiguousarray(features.descriptors)).to(device)
        xy = torch.from_numpy(features.xy_img.astype(np.float32)).to(device)
        return descriptors, xy

    def lifted(self, codes: AnchoredCodes) -> LiftedCodes:
        """Dequantise codes and normalise anchors; the values must fit the code space."""
        if codes.levels.shape[1] != len(self.step):
            raise ValueError(f"codes have {codes.levels.shape[1]} values, not {len(self.step)}")
        space = self.code_space.with_levels(2**codes.code_bits)
        unit = torch.from_numpy(space.unit_codes(codes.levels))
        anchors = torch.from_numpy(codes.anchors_in_world)
        return LiftedCodes.from_codes(unit.to(self.mean.device), anchors.to(self.mean.device))

    def _lift_once(self, codes: AnchoredCodes) -> tuple[LiftedCodes, Tensor]:
        """Lift a map's codes the first time they are seen (weights are taken as fixed)."""
        known = None if self.training else self._lifted.get(codes)
        if known is None:
            lifted = self.lifted(codes)
            known = lifted, self.lift(lifted)
            self._lifted[codes] = known
        return known

    def _active(
        self, codes: AnchoredCodes, voxel_idx: Int[np.ndarray, " active"] | None
    ) -> tuple[LiftedCodes, Tensor, Float[np.ndarray, "code 3"]] | None:
        """Lift the codes of the active voxels; None if there are none."""
        anchors = codes.anchors_in_world
        if len(codes) == 0:
            return None
        if voxel_idx is None:
            return (*self._lift_once(codes), anchors)
        unknown = voxel_idx[(voxel_idx < 0) | (voxel_idx >= len(codes.cells))]
        if len(unknown):
            raise ValueError(f"voxel {unknown[0]} is unknown, the map has {len(codes.cells)}")
        kept = np.isin(codes.voxel_idx, voxel_idx)
        if not kept.any():
            return None
        if kept.all():
            return (*self._lift_once(codes), anchors)
        active = replace(
            codes,
            levels=codes.levels[kept],
            anchor_levels=codes.anchor_levels[kept],
            voxel_idx=codes.voxel_idx[kept],
        )
        lifted = self.lifted(active)
        return lifted, self.lift(lifted), anchors[kept]


def _plain_pairs(candidates: Candidates) -> Int[Tensor, "pair 2"]:
    """Pairs that are each other's best by cosine."""
    code, cosine = candidates.code_idx[:, 0], candidates.cosine[:, 0]
    return _pairs_where(cosine >= candidates.cosine_of_code[code], code)


def _learned_pairs(candidates: Candidates, scale: Float[Tensor, ""]) -> Int[Tensor, "pair 2"]:
    """Pairs that are each other's best by score, which is the scaled cosine where the code is no
    candidate."""
    best_of_code = (scale * candidates.cosine_elsewhere).scatter_reduce(
        0, candidates.code_idx.flatten(), candidates.score.flatten(), "amax"
    )
    score, rank = candidates.score.max(dim=1)
    code = candidates.code_idx.gather(1, rank[:, None])[:, 0]
    return _pairs_where(score >= best_of_code[code], code)


def _pairs_where(
    is_mutual: Bool[Tensor, " pixel"], code_idx: Int[Tensor, " pixel"]
) -> Int[Tensor, "pair 2"]:
    """Pairs of pixel and code; of pixels that tie for a code the first is kept."""
    pixel = torch.nonzero(is_mutual)[:, 0]
    code, order = code_idx[pixel].sort(stable=True)
    is_first = torch.ones_like(code, dtype=torch.bool)
    is_first[1:] = code[1:] != code[:-1]
    return torch.stack([pixel[order], code], dim=1)[is_first]
