"""The shipped weights of the `paper` decoder: loading, checking, writing."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from neumap.atomic_file import write_atomically
from neumap.decoder.code_start import CodeStart
from neumap.decoder.paper_decoder import PaperDecoder, PaperDecoderConfig
from neumap.errors import MapFileError, OptionError

WEIGHTS_PATH = Path(__file__).parent.parent / "weights" / "paper.safetensors"
MIN_CONFIDENCE = 0.2
"""Key-points above this take part in the pose; 0.5 (the paper) leaves too few here."""
MIN_INLIER_RATIO = 0.25
"""Poses on a smaller share of matches are refused: seen on rendered scenes held out of training."""
_REMEDY = "Install neumap again."
_SIZES = ("descriptor_dim", "width", "num_blocks", "num_heads", "hidden_factor")


def load_paper_decoder(device: str = "cpu") -> tuple[PaperDecoder, str]:
    """Return the shipped decoder, ready to use and frozen, and 16 hex digits of its file's hash.

    Loaded once for each device: do not train the returned object. Raises MapFileError that names
    the file if it is missing or damaged.
    """
    decoder, _, digest = read_paper_weights(WEIGHTS_PATH, device)
    return decoder, digest


def load_code_start(device: str = "cpu") -> CodeStart:
    """Return the shipped start of codes; raises as `load_paper_decoder` does."""
    return read_paper_weights(WEIGHTS_PATH, device)[1]


@lru_cache(maxsize=4)
def read_paper_weights(path: Path, device: str = "cpu") -> tuple[PaperDecoder, CodeStart, str]:
    """Read a weights file and the JSON card beside it; MapFileError if either is damaged."""
    card_path = path.with_suffix(".json")
    try:
        data, text = path.read_bytes(), card_path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MapFileError(str(path), f"cannot be read ({error})", _REMEDY) from error
    digest = hashlib.sha256(data).hexdigest()
    sizes = _sizes_of(text, digest, card_path)
    try:
        tensors = {name: value.float() for name, value in load(data).items()}
        decoder, start = _networks(sizes)
        decoder.load_state_dict(_part(tensors, "decoder."))
        start.load_state_dict(_part(tensors, "start."))
    except (SafetensorError, RuntimeError, OptionError) as error:
        raise MapFileError(str(path), f"is damaged ({error})", _REMEDY) from error
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise MapFileError(str(path), "holds NaN or infinite weights", _REMEDY)
    for network in (decoder, start):
        network.to(device).eval().requires_grad_(False)
    return decoder, start, digest[:16]


def write_paper_weights(
    path: Path, decoder: PaperDecoder, start: CodeStart, *, card: Mapping[str, object]
) -> None:
    """Write weights in half precision and their card, which `read_paper_weights` checks."""
    parts: dict[str, nn.Module] = {"decoder.": decoder, "start.": start}
    tensors = {
        prefix + name: value.detach().cpu().half().contiguous()
        for prefix, network in parts.items()
        for name, value in network.state_dict().items()
    }
    data = save(tensors)
    sizes = {name: getattr(decoder.config, name) for name in _SIZES}
    sizes["view_dim"] = start.view.out_features
    content = {**card, "sizes": sizes, "sha256": hashlib.sha256(data).hexdigest()}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data)
    write_atomically(path.with_suffix(".json"), (json.dumps(content, indent=1) + "\n").encode())


def _networks(sizes: dict[str, int]) -> tuple[PaperDecoder, CodeStart]:
    generator = torch.Generator().manual_seed(0)
    config = PaperDecoderConfig(**{name: sizes[name] for name in _SIZES})
    start = CodeStart(
        descriptor_dim=config.descriptor_dim,
        num_blocks=config.num_blocks,
        width=config.width,
        view_dim=sizes["view_dim"],
        generator=generator,
    )
    return PaperDecoder(config, generator=generator), start


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    cut = len(prefix)
    return {name[cut:]: value for name, value in tensors.items() if name.startswith(prefix)}


def _sizes_of(text: str, digest: str, card_path: Path) -> dict[str, int]:
    try:
        card = json.loads(text)
        sizes, stated = card["sizes"], card["sha256"]
        found = {name: int(sizes[name]) for name in (*_SIZES, "view_dim")}
    except (ValueError, KeyError, TypeError) as error:
        raise MapFileError(str(card_path), f"is damaged ({error!r})", _REMEDY) from error
    if stated != digest:
        raise MapFileError(
            str(card_path.with_suffix(".safetensors")), "does not match its card's SHA-256", _REMEDY
        )
    if any(not 1 <= value <= 4096 for value in found.values()):
        raise MapFileError(str(card_path), "states impossible sizes", _REMEDY)
    return found
