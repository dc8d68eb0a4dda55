"""Weights to begin pre-training from: a `paper` decoder that is a soft nearest neighbour.

Training from random weights has to discover first that pixels and codes are to be compared; here
it begins with that (`decoder.md`, section 3). Channels of a code: descriptor, position (three
numbers spread over many channels, so that 8 bits a channel hold them), "matches nothing" and
"is a point". Channels of a pixel: descriptor, then the position that it read, and how well it
matched.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from neumap.codes.code_space import STEP_OF_SIGMA, CodeSpace
from neumap.decoder.attention import CrossAttention
from neumap.decoder.code_start import CodeStart
from neumap.decoder.paper_decoder import DecoderBlock, PaperDecoder, PaperDecoderConfig

_NUM_POSITION = 48
_CODE_GAIN = 5.6  # unit vectors of 31 values get channels of about unit spread
_POSITION_GAIN = 1.7
_SHARPNESS = 60.0  # logit of a perfect match
_JUDGE_SHARPNESS = 25.0
_JUDGE_COSINE = 0.82  # of a match that is as often right as wrong
_SMALL = 0.02


@dataclass(frozen=True)
class Channels:
    """Where the hand-made parts lie."""

    descriptor: int
    """Values compared by the first head: all of its channels but one."""

    @property
    def position(self) -> slice:
        """Position channels of a code."""
        return slice(self.descriptor + 1, self.descriptor + 1 + _NUM_POSITION)

    @property
    def no_match(self) -> int:
        """Channel of a code that is 1 for the code of unmatched pixels."""
        return self.position.stop

    @property
    def is_point(self) -> int:
        """Channel of a code that is 1 for the codes of points."""
        return self.position.stop + 1

    @property
    def xyz(self) -> slice:
        """Channels of a pixel that hold the position read."""
        return slice(self.descriptor + 65, self.descriptor + 68)

    @property
    def quality(self) -> int:
        """Channel of a pixel that grows with the similarity of its best match."""
        return self.share + 1

    @property
    def share(self) -> int:
        """Channel of a pixel that holds the matched share."""
        return self.descriptor + 68


@torch.no_grad()
def matching_decoder(
    config: PaperDecoderConfig,
    space: CodeSpace,
    *,
    no_match_cosine: float,
    generator: torch.Generator,
) -> tuple[PaperDecoder, CodeStart]:
    """Build a decoder and a start of codes that match by cosine in `space`.

    A pixel whose best code is below `no_match_cosine` reads nothing. Raises
    ValueError if the width does not hold the channels.
    """
    head_width = config.width // config.num_heads
    channels = Channels(head_width - 1)
    if channels.quality >= config.width or space.num_values != channels.descriptor:
        raise ValueError(f"width {config.width} or {space.num_values} values do not fit")
    decoder = PaperDecoder(config, generator=generator)
    start = CodeStart(
        descriptor_dim=config.descriptor_dim,
        num_blocks=config.num_blocks,
        width=config.width,
        view_dim=channels.descriptor,
        generator=generator,
    )
    projection = torch.from_numpy(space.projection)
    mean = torch.from_numpy(space.mean)
    spread = float(
        (torch.from_numpy(space.step) / STEP_OF_SIGMA[space.num_levels]).square().sum().sqrt()
    )
    _set_view(start, projection, mean)
    _set_pixels(decoder, projection / spread, mean, channels)
    mix = torch.linalg.qr(torch.randn(_NUM_POSITION, 3, generator=generator)).Q
    mix = mix * (_NUM_POSITION / 3) ** 0.5 * _POSITION_GAIN
    _set_codes(start, mix, channels)
    unmix = torch.linalg.pinv(mix)
    for index, block in enumerate(decoder.blocks):
        attention = cast(DecoderBlock, block).attention
        attention.to_output.weight.mul_(_SMALL)
        cast(DecoderBlock, block).contract.weight.mul_(_SMALL)
        if index == 0:
            _set_attention(attention, unmix, channels, no_match_cosine=no_match_cosine)
    _set_head(decoder, channels)
    return decoder, start


def _set_view(start: CodeStart, projection: Tensor, mean: Tensor) -> None:
    start.view.weight.copy_(projection)
    start.view.bias.copy_(-projection @ mean)


def _set_pixels(
    decoder: PaperDecoder, projection: Tensor, mean: Tensor, channels: Channels
) -> None:
    count, dim = channels.descriptor, projection.shape[1]
    weight, bias = decoder.project.weight, decoder.project.bias
    weight.zero_()
    weight[:count] = projection
    bias[:count] = -projection @ mean
    weight[count : count + dim] = 0.5 * torch.eye(dim)


def _set_codes(start: CodeStart, mix: Tensor, channels: Channels) -> None:
    weight, count = start.direct.weight, channels.descriptor
    weight.zero_()
    weight[:count, :count] = _CODE_GAIN * torch.eye(count)
    weight[channels.position, -3:] = mix
    start.direct.bias[channels.is_point] = 1.0
    start.contract.weight.zero_()
    start.no_match[channels.no_match] = 1.0


def _set_attention(
    attention: CrossAttention, unmix: Tensor, channels: Channels, *, no_match_cosine: float
) -> None:
    """The first head reads the position of the best match, the second how good it is.

    Other heads keep random projections whose output is small.
    """
    values, output = attention.to_values, attention.to_output
    first = _set_matching(
        attention, 0, channels, sharpness=_SHARPNESS, no_match_cosine=no_match_cosine
    )
    values.weight[first.start : first.start + 3, channels.position] = unmix
    values.weight[first.start + 3, channels.is_point] = 1.0
    output.weight[channels.xyz, first.start : first.start + 3] = torch.eye(3)
    output.weight[channels.share, first.start + 3] = 1.0
    second = _set_matching(
        attention, 1, channels, sharpness=_JUDGE_SHARPNESS, no_match_cosine=_JUDGE_COSINE
    )
    values.weight[second.start, channels.is_point] = 1.0
    output.weight[channels.quality, second.start] = 1.0


def _set_matching(
    attention: CrossAttention,
    head: int,
    channels: Channels,
    *,
    sharpness: float,
    no_match_cosine: float,
) -> slice:
    """Let one head compare descriptors; returns its rows, with values still zero."""
    queries, keys = attention.to_queries, attention.to_keys
    count, width = channels.descriptor, queries.weight.shape[0]
    rows = slice(head * (count + 1), (head + 1) * (count + 1))
    compared, level_row = slice(rows.start, rows.stop - 1), rows.stop - 1
    for layer in (queries, keys, attention.to_values):
        layer.weight[rows].zero_()
        layer.bias[rows].zero_()
    attention.to_output.weight[:, rows] *= _SMALL
    # After the norm the descriptor part of a pixel has a length of about 0.9 sqrt(width).
    scale = (count + 1) ** 0.5
    queries.weight[compared, :count] = (
        sharpness * scale / (_CODE_GAIN * 0.9 * width**0.5) * torch.eye(count)
    )
    keys.weight[compared, :count] = torch.eye(count)
    level = (sharpness * no_match_cosine * scale) ** 0.5
    queries.bias[level_row] = level
    keys.weight[level_row, channels.no_match] = level
    return rows


def _set_head(decoder: PaperDecoder, channels: Channels) -> None:
    hidden, output = decoder.head_hidden, decoder.head_output
    hidden.weight[:8].zero_()
    output.weight.mul_(_SMALL)
    # gelu(x) - gelu(-x) = x: the position passes the non-linearity unchanged.
    hidden.weight[:3, channels.xyz] = torch.eye(3)
    hidden.weight[3:6, channels.xyz] = -torch.eye(3)
    output.weight[:3, :3] = torch.eye(3)
    output.weight[:3, 3:6] = -torch.eye(3)
    hidden.weight[6, channels.share] = 1.0
    hidden.weight[7, channels.quality] = 3.0
    output.weight[3] = 0.0
    output.weight[3, 6:8] = torch.tensor([1.0, 1.5])
    output.bias[3] = -3.5
