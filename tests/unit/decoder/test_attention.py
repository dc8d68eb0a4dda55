import torch

from neumap.decoder.attention import CrossAttention, cross_attention, linear_layer


def rand(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def plain(queries, keys, values, num_heads, is_kept):
    """One pixel, one head at a time: the formula of equation 6."""
    width = queries.shape[-1] // num_heads
    out = torch.zeros_like(queries)
    for v in range(len(queries)):
        for n in range(queries.shape[1]):
            for h in range(num_heads):
                part = slice(h * width, (h + 1) * width)
                own_keys = keys[v, is_kept[v]][:, part]
                share = (own_keys @ queries[v, n, part] / width**0.5).softmax(0)
                out[v, n, part] = share @ values[v, is_kept[v]][:, part]
    return out


def test_attention_agrees_with_the_plain_formula():
    queries, keys, values = rand(2, 3, 8), rand(2, 5, 8, seed=1), rand(2, 5, 8, seed=2)
    kept = torch.ones(2, 5, dtype=torch.bool)
    got = cross_attention(queries, keys, values, num_heads=4)
    torch.testing.assert_close(got, plain(queries, keys, values, 4, kept))


def test_codes_that_are_not_kept_have_no_part():
    queries, keys, values = rand(2, 3, 8), rand(2, 5, 8, seed=1), rand(2, 5, 8, seed=2)
    kept = torch.tensor([[True, False, True, True, False], [False, False, False, False, True]])
    got = cross_attention(queries, keys, values, num_heads=2, is_kept=kept)
    torch.testing.assert_close(got, plain(queries, keys, values, 2, kept))


def test_the_order_of_codes_does_not_matter():
    layer = CrossAttention(8, 2, generator=torch.Generator().manual_seed(0))
    pixels, codes = rand(1, 4, 8), rand(1, 6, 8, seed=1)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(layer(pixels, codes), layer(pixels, codes[:, order]))


def test_no_pixels_give_no_pixels():
    layer = CrossAttention(8, 2, generator=torch.Generator().manual_seed(0))
    assert layer(torch.zeros(2, 0, 8), rand(2, 3, 8)).shape == (2, 0, 8)


def test_layers_are_drawn_from_the_generator_alone():
    before = torch.random.get_rng_state()
    first = linear_layer(4, 4, generator=torch.Generator().manual_seed(1)).weight
    again = linear_layer(4, 4, generator=torch.Generator().manual_seed(1)).weight
    assert torch.equal(first, again)
    assert torch.equal(torch.random.get_rng_state(), before)
