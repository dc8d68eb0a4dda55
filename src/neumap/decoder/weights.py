"""Weight files of decoders: safetensors with the configuration in the header, checked by hash."""

import hashlib
import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from neumap.atomic_file import write_atomically
from neumap.codes.code_space import CodeSpace
from neumap.decoder.anchored_decoder import AnchoredDecoder, AnchoredDecoderConfig
from neumap.errors import OptionError

_PACKAGED = "anchored"


def save_anchored_decoder(decoder: AnchoredDecoder, path: Path) -> str:
    """Write weights and configuration; return the file's SHA-256."""
    tensors = {name: value.contiguous() for name, value in decoder.state_dict().items()}
    data = save(tensors, metadata={"config": json.dumps(asdict(decoder.config), sort_keys=True)})
    write_atomically(path, data)
    return hashlib.sha256(data).hexdigest()


def read_anchored_decoder(data: bytes, *, name: str = "weights") -> AnchoredDecoder:
    """Build the decoder that `save_anchored_decoder` wrote; OptionError if the bytes are not."""
    try:
        tensors = load(data)
        header: Any = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        config = AnchoredDecoderConfig(**json.loads(header["__metadata__"]["config"]))
        decoder = AnchoredDecoder(_space_of(tensors, config.num_levels), config)
        decoder.load_state_dict(tensors)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise _damaged(name, f"cannot be read ({error})") from error
    return decoder.requires_grad_(False).eval()


@cache
def load_anchored_decoder(device: str = "cpu") -> tuple[AnchoredDecoder, str]:
    """Return the packaged decoder and the first 16 digits of its weights' SHA-256.

    The hash is compared with the one on the card. Raises OptionError if the installation is
    damaged.
    """
    folder = files("neumap") / "weights"
    try:
        data = (folder / f"{_PACKAGED}.safetensors").read_bytes()
        card: Any = json.loads((folder / f"{_PACKAGED}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(f"{_PACKAGED} weights", f"cannot be read ({error})") from error
    digest = hashlib.sha256(data).hexdigest()
    if not isinstance(card, dict) or card.get("sha256") != digest:
        raise _damaged(f"{_PACKAGED} weights", "are not those that their card describes")
    return read_anchored_decoder(data, name=f"{_PACKAGED} weights").to(device), digest[:16]


def _space_of(tensors: dict[str, Tensor], num_levels: int) -> CodeSpace:
    mean, projection, step = (tensors[name].numpy() for name in ("mean", "projection", "step"))
    if projection.ndim != 2 or projection.shape != (len(step), len(mean)):
        raise ValueError("the code space's shapes do not fit")
    return CodeSpace(mean, projection, step, num_levels)


def _damaged(name: str, reason: str) -> OptionError:
    return OptionError(name, reason, "Install the package again.")
