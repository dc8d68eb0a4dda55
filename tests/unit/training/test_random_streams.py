import torch

from neumap.training.random_streams import stream


def test_equal_seed_and_purpose_give_equal_numbers_and_others_do_not():
    def numbers(seed: int, purpose: str) -> list[float]:
        return torch.rand(4, generator=stream(seed, purpose)).tolist()

    assert numbers(1, "codes") == numbers(1, "codes")
    assert numbers(1, "codes") != numbers(1, "batches")
    assert numbers(1, "codes") != numbers(2, "codes")
