"""Checkpoints of a training run: tensors as safetensors, everything else as JSON, no pickle."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from neumap.atomic_file import write_atomically
from neumap.errors import DataError

_FILE = "checkpoint.safetensors"


def save_checkpoint(
    folder: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    state: dict[str, Any],  # Any: JSON values
) -> None:
    """Write network, optimiser and `state` as one file, whole or not at all."""
    tensors: dict[str, Tensor] = {
        f"network.{name}": value.contiguous() for name, value in network.state_dict().items()
    }
    for index, own in optimizer.state_dict()["state"].items():
        for name, value in own.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value).contiguous()
    data = save(tensors, metadata={"state": json.dumps(state)})
    write_atomically(folder / _FILE, data)


def load_checkpoint(
    folder: Path, network: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any] | None:
    """Restore network and optimiser and return `state`; None where there is no checkpoint.

    Raises DataError on a file that is damaged or of another network.
    """
    path = folder / _FILE
    if not path.exists():
        return None
    data = path.read_bytes()
    remedy = "Delete it to start again."
    try:
        tensors = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        state: dict[str, Any] = json.loads(header["__metadata__"]["state"])
        own = {n.removeprefix("network."): t for n, t in tensors.items() if n[0] == "n"}
        network.load_state_dict(own)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise DataError(str(path), f"cannot be read ({error})", remedy) from error
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".")
            moments.setdefault(int(index), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": moments, "param_groups": groups})
    return state
