"""Multi-head cross-attention from pixels to codes (paper equations 5 and 6).

Legend: N pixel, K code, H head, D width.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional


def cross_attention(
    queries: Float[Tensor, "*batch pixel width"],
    keys: Float[Tensor, "*batch code width"],
    values: Float[Tensor, "*batch code width"],
    *,
    num_heads: int,
    is_kept: Bool[Tensor, "*batch code"] | None = None,
) -> Float[Tensor, "*batch pixel width"]:
    """Softmax(q k / sqrt(head width)) v for each head; codes that are not kept have no part.

    At least one code must be kept, else the result is NaN.
    """

    def heads(tokens: Tensor) -> Tensor:
        return tokens.unflatten(-1, (num_heads, -1)).transpose(-3, -2)

    mask = None if is_kept is None else is_kept[..., None, None, :]
    read = functional.scaled_dot_product_attention(
        heads(queries), heads(keys), heads(values), attn_mask=mask
    )
    return read.transpose(-3, -2).flatten(-2)


def linear_layer(in_width: int, out_width: int, *, generator: torch.Generator) -> nn.Linear:
    """Build a linear layer from an explicit generator: Xavier weights, zero bias."""
    # Built on `meta`, a layer draws nothing from the global random state.
    layer = nn.Linear(in_width, out_width, device="meta").to_empty(device="cpu")
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer


class CrossAttention(nn.Module):
    """Cross-attention with learned projections; keys and values come from the same codes."""

    def __init__(self, width: int, num_heads: int, *, generator: torch.Generator) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.to_queries = linear_layer(width, width, generator=generator)
        self.to_keys = linear_layer(width, width, generator=generator)
        self.to_values = linear_layer(width, width, generator=generator)
        self.to_output = linear_layer(width, width, generator=generator)

    def forward(
        self,
        pixels: Float[Tensor, "*batch pixel width"],
        codes: Float[Tensor, "*batch code width"],
        is_kept: Bool[Tensor, "*batch code"] | None = None,
    ) -> Float[Tensor, "*batch pixel width"]:
        """Return what each pixel reads from its batch entry's codes."""
        read = cross_attention(
            self.to_queries(pixels),
            self.to_keys(codes),
            self.to_values(codes),
            num_heads=self.num_heads,
            is_kept=is_kept,
        )
        return self.to_output(read)
