"""Named random generators: one for each purpose, so that one's use never shifts another's."""

import hashlib

import torch


def stream(seed: int, purpose: str, device: str | torch.device = "cpu") -> torch.Generator:
    """Build the generator of one purpose; equal seed and purpose give equal numbers."""
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return torch.Generator(device=device).manual_seed(int.from_bytes(digest[:7], "big"))
