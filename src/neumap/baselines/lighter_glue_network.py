"""LightGlue (Lindenberger et al., ICCV 2023), so that published weights can be read.

One head, no early stopping and no pruning of points: both only save time. Submodule names follow
the published weight file.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class _PositionEncoding(nn.Module):
    """Rotary encoding by learned frequencies (paper, equation 8)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.Wr = nn.Linear(2, width // 2, bias=False)

    def forward(self, xy: Float[Tensor, "pixel 2"]) -> Float[Tensor, "2 pixel width"]:
        angle = self.Wr(xy).repeat_interleave(2, dim=-1)
        return torch.stack([torch.cos(angle), torch.sin(angle)])


def _rotated(
    x: Float[Tensor, "pixel width"], encoding: Float[Tensor, "2 pixel width"]
) -> Float[Tensor, "pixel width"]:
    """Turn pairs of neighbouring channels by the encoding's angles."""
    even, odd = x[:, ::2], x[:, 1::2]
    turned = torch.stack([-odd, even], dim=-1).flatten(start_dim=1)
    return x * encoding[0] + turned * encoding[1]


def _attend(
    query: Float[Tensor, "a width"],
    key: Float[Tensor, "b width"],
    value: Float[Tensor, "b width"],
) -> Float[Tensor, "a width"]:
    return functional.scaled_dot_product_attention(query[None], key[None], value[None])[0]


def _update(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2 * width, 2 * width),
        nn.LayerNorm(2 * width),
        nn.GELU(),
        nn.Linear(2 * width, width),
    )


class _SelfAttention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.Wqkv = nn.Linear(width, 3 * width)
        self.out_proj = nn.Linear(width, width)
        self.ffn = _update(width)

    def forward(
        self, x: Float[Tensor, "pixel width"], encoding: Float[Tensor, "2 pixel width"]
    ) -> Float[Tensor, "pixel width"]:
        query, key, value = self.Wqkv(x).unflatten(-1, (-1, 3)).unbind(dim=-1)
        message = _attend(_rotated(query, encoding), _rotated(key, encoding), value)
        return x + self.ffn(torch.cat([x, self.out_proj(message)], dim=-1))


class _CrossAttention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.to_qk = nn.Linear(width, width)
        self.to_v = nn.Linear(width, width)
        self.to_out = nn.Linear(width, width)
        self.ffn = _update(width)

    def forward(
        self, a: Float[Tensor, "a width"], b: Float[Tensor, "b width"]
    ) -> tuple[Float[Tensor, "a width"], Float[Tensor, "b width"]]:
        key_a, key_b = self.to_qk(a), self.to_qk(b)
        to_a = self.to_out(_attend(key_a, key_b, self.to_v(b)))
        to_b = self.to_out(_attend(key_b, key_a, self.to_v(a)))
        return a + self.ffn(torch.cat([a, to_a], dim=-1)), b + self.ffn(torch.cat([b, to_b], -1))


class _Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.self_attn = _SelfAttention(width)
        self.cross_attn = _CrossAttention(width)


class _Assignment(nn.Module):
    """Log-probability that two key-points are a match (paper, equations 9 to 11)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.matchability = nn.Linear(width, 1)
        self.final_proj = nn.Linear(width, width)

    def forward(
        self, a: Float[Tensor, "a width"], b: Float[Tensor, "b width"]
    ) -> Float[Tensor, "a b"]:
        similarity = self.final_proj(a) @ self.final_proj(b).T / a.shape[1] ** 0.5
        both = functional.log_softmax(similarity, 1) + functional.log_softmax(similarity, 0)
        sure_a = functional.logsigmoid(self.matchability(a))
        sure_b = functional.logsigmoid(self.matchability(b))
        return both + sure_a + sure_b.T


class LighterGlueNetwork(nn.Module):
    """Matches two sets of key-points; sizes are those of the weights for XFeat."""

    def __init__(self, *, descriptor_dim: int = 64, width: int = 96, num_layers: int = 6) -> None:
        super().__init__()
        self.input_proj = nn.Linear(descriptor_dim, width)
        self.posenc = _PositionEncoding(width)
        self.transformers = nn.ModuleList(_Layer(width) for _ in range(num_layers))
        self.assignment = _Assignment(width)

    def forward(
        self,
        descriptors: tuple[Float[Tensor, "a channel"], Float[Tensor, "b channel"]],
        xy: tuple[Float[Tensor, "a 2"], Float[Tensor, "b 2"]],
    ) -> Float[Tensor, "a b"]:
        """Return the log-probability of each pair.

        Positions are counted from the photo's centre, in halves of its longest side.
        """
        a, b = (self.input_proj(each) for each in descriptors)
        encoding_a, encoding_b = (self.posenc(each) for each in xy)
        for layer in self.transformers:
            assert isinstance(layer, _Layer)
            a = layer.self_attn(a, encoding_a)
            b = layer.self_attn(b, encoding_b)
            a, b = layer.cross_attn(a, b)
        return self.assignment(a, b)
