"""Weights that other packages publish: their files are read as data, none of their code is run."""

import hashlib
import io
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from neumap.errors import OptionError


def read_published_weights(
    package: str, file: str, *, remedy: str
) -> tuple[dict[str, Tensor], str]:
    """Return the tensors of a file in an installed package, and the file's SHA-256 in hex.

    `remedy` is what installs the package: raises OptionError with it where it is missing.
    """
    found = find_spec(package)
    if found is None or found.origin is None:
        raise OptionError(package.replace("_", "-"), "the package is not installed", remedy)
    data = (Path(found.origin).parent / file).read_bytes()
    state: dict[str, Tensor] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return state, hashlib.sha256(data).hexdigest()
