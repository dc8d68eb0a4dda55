"""A small network that takes the noise from photos in which it drowns what they show.

In the dark a photo's noise is stronger than the structure that key-points stand on; nothing later
can tell the two apart as well as a look at the surroundings of each pixel. The network was trained
so that XFeat and the blob detector see what they would see by day (docs/decisions/012).
"""

import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional

from neumap.atomic_file import write_atomically
from neumap.errors import OptionError

MULTIPLE = 8
"""Height and width of what the network is given are multiples of this."""

_WIDTHS = (16, 40, 64)  # channels at a half, a quarter and an eighth of the photo's side
_SIGMA_OF_MEAN = (torch.pi / 2) ** 0.5 / 6  # 6 is the norm of the second differences' kernel
_NAME = "denoiser"


class DenoisingNetwork(nn.Module):
    """Three scales of convolutions whose sum corrects the photo's normalised grey values."""

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = _WIDTHS
        self.fine = _layers((4 * 3, fine), (fine, fine))
        self.middle = _layers((fine, middle), (middle, middle), first_stride=2)
        self.coarse = _layers((middle, coarse), (coarse, coarse), (coarse, coarse), first_stride=2)
        self.coarse_to_middle = nn.Conv2d(coarse, middle, 1)
        self.middle_out = nn.Sequential(nn.ReLU(), *_layers((middle, middle)))
        self.middle_to_fine = nn.Conv2d(middle, fine, 1)
        self.fine_out = nn.Sequential(nn.ReLU(), *_layers((fine, fine)))
        self.correction = nn.Conv2d(fine, 4, 3, padding=1)

    def initialise(self, generator: torch.Generator) -> None:
        """Draw weights to train from, with which grey values come out as they went in."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d) and layer.bias is not None:
                nn.init.kaiming_normal_(layer.weight, generator=generator)
                nn.init.zeros_(layer.bias)
        nn.init.zeros_(self.correction.weight)

    def forward(
        self, rgb: Float[Tensor, "photo 3 height width"]
    ) -> Float[Tensor, "photo 1 height width"]:
        """Return grey values without noise, of about mean 0 and deviation 1, from stored ones."""
        grey = normalised(rgb.mean(dim=1, keepdim=True))
        fine = self.fine(functional.pixel_unshuffle(normalised(rgb), 2))
        middle = self.middle(fine)
        coarse = self.coarse_to_middle(self.coarse(middle))
        middle = self.middle_out(middle + _doubled(coarse))
        fine = self.fine_out(fine + _doubled(self.middle_to_fine(middle)))
        return grey + functional.pixel_shuffle(self.correction(fine), 2)


def normalised(
    values: Float[Tensor, "photo channel height width"],
) -> Float[Tensor, "photo channel height width"]:
    """Shift and scale each channel of each photo to mean 0 and deviation 1."""
    mean, deviation = values.mean(dim=(2, 3), keepdim=True), values.std(dim=(2, 3), keepdim=True)
    return (values - mean) / deviation.clamp_min(1e-3)


def noise_ratio(
    grey: Float[Tensor, "height width"], differences: Float[Tensor, "height width"]
) -> float:
    """Standard deviation of a photo's noise over that of its `difference_of_gaussians`.

    The noise is told from second differences along rows and columns (Immerkaer 1996), which smooth
    surfaces do not have. Photos taken by day have 0.1 to 0.6.
    """
    along_rows = grey[:, 2:] - 2 * grey[:, 1:-1] + grey[:, :-2]
    both = along_rows[2:] - 2 * along_rows[1:-1] + along_rows[:-2]
    noise = both.abs().mean() * _SIGMA_OF_MEAN
    return float(noise / differences.square().mean().sqrt().clamp_min(1e-6))


def write_denoiser(
    network: DenoisingNetwork,
    path: Path,
    *,
    card: dict[str, Any],  # Any: JSON values
) -> None:
    """Write weights in half precision, and their card beside them with the file's SHA-256."""
    tensors = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    data = save(tensors)
    content = {**card, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    write_atomically(path, data)
    write_atomically(path.with_suffix(".json"), (json.dumps(content, indent=1) + "\n").encode())


@cache
def load_denoiser(device: str = "cpu") -> tuple[DenoisingNetwork, str]:
    """Return the packaged network, frozen, and its weights' SHA-256 in hex.

    Loaded once for each device: do not train the returned object. Raises OptionError if the
    installation is damaged.
    """
    folder = files("neumap") / "weights"
    with torch.device("meta"):  # draws nothing from the global random state
        network = DenoisingNetwork()
    try:
        data = (folder / f"{_NAME}.safetensors").read_bytes()
        card: Any = json.loads((folder / f"{_NAME}.json").read_text(encoding="utf-8"))
        tensors = {name: value.float() for name, value in load(data).items()}
        network.load_state_dict(tensors, assign=True)
    except (OSError, ValueError, SafetensorError, RuntimeError) as error:
        raise _damaged(f"cannot be read ({error})") from error
    digest = hashlib.sha256(data).hexdigest()
    if not isinstance(card, dict) or card.get("sha256") != digest:
        raise _damaged("are not those that their card describes")
    network.to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  channels_last overload is missing in torch's stubs
    return network.requires_grad_(False).eval(), digest


def _layers(*channels: tuple[int, int], first_stride: int = 1) -> nn.Sequential:
    """3 x 3 convolutions, each followed by a ReLU."""
    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(channels):
        stride = first_stride if number == 0 else 1
        layers += [nn.Conv2d(before, after, 3, stride, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)


def _doubled(
    values: Float[Tensor, "photo channel height width"],
) -> Float[Tensor, "photo channel rows columns"]:
    return functional.interpolate(values, scale_factor=2.0, mode="bilinear")


def _damaged(reason: str) -> OptionError:
    return OptionError(f"{_NAME} weights", reason, "Install the package again.")
