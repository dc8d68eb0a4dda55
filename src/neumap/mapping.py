"""From posed photos to a map: read, check, find points, choose and fit codes."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field

from neumap.accuracy_forecast import forecast_accuracy
from neumap.anchored_mapping import AnchoredMappingConfig, map_with_anchored_decoder
from neumap.decoder.weights import load_anchored_decoder
from neumap.errors import MappingError, OptionError
from neumap.features.cache import FeatureCache
from neumap.features.xfeat import XFeatConfig, XFeatExtractor
from neumap.images import ImageSet, PosedImage, pose_photos, read_images, require_enough
from neumap.paper_mapping import map_with_paper_decoder
from neumap.scene.build_scene import Describe, build_scene, describe_with
from neumap.scene.given_poses import check_given_poses
from neumap.scene.points_config import Progress, ScenePointsConfig
from neumap.scene.scene import Scene
from neumap.scene_map import Map, extractor_hash


class MappingConfig(BaseModel):
    """Settings of a mapping; presets are TOML files of these fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_key_points: int = Field(
        default=2000, ge=100, le=20_000, description="Key-points of a photo."
    )
    decoder: Literal["anchored", "paper"] = Field(
        default="anchored", description="Which of the two decoders reads the map."
    )
    pairs_per_view: int = Field(
        default=10, ge=1, le=100, description="Views matched with each view (photos without depth)."
    )
    voxel_side: float | None = Field(
        default=None,
        gt=0,
        description="Voxel edge in scene units; else one box.",
    )
    anchor_bits: int | None = Field(
        default=None, ge=6, le=20, description="Bits of an anchor coordinate; else by its error."
    )
    has_code_fit: bool = Field(
        default=True, description="Fit the codes to all mapping views, the network frozen."
    )
    paper_seconds: float = Field(
        default=60.0, gt=0, description="Time to fit the codes of the paper's decoder."
    )
    num_held_out: int = Field(
        default=0,
        ge=0,
        le=200,
        description="Mapping photos that are held out to tell the errors to expect; 0: not told.",
    )
    has_convention_check: bool = Field(
        default=True,
        description="Refuse poses that are clearly of another convention.",
    )
    cache_dir: Path | None = Field(
        default=None, description="Folder that keeps features between runs."
    )


@dataclass
class _Stages:
    """Seconds by stage, and the caller's progress."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    _last: float = field(default_factory=time.perf_counter)

    def done(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


def map_scene(
    data: Path | str | ImageSet,
    *,
    split_names: Sequence[str] | None = None,
    config: MappingConfig | None = None,
    budget_bytes: int = 28_000,
    device: str = "cpu",
    seed: int = 0,
    poses: Literal["given", "sfm"] = "given",
    layout: str | None = None,
    progress: Progress | None = None,
) -> Map:
    """Map the photos of a folder (or of a set that was read) within a budget of bytes.

    `split_names` limits the mapping to those photos. With `poses="sfm"` a folder of bare photos is
    posed first; its unit is then unknown. Raises DataError, PhotoError, CameraError or PoseError
    for bad input, with all faults at once, MappingError where the photos give no map, OptionError
    for a budget that holds no map or a device that is not there.
    """
    config = config if config is not None else MappingConfig()
    _require_device(device)
    stages = _Stages(progress if progress is not None else _ignore)
    image_set = _read(data, poses=poses, layout=layout, seed=seed)
    images, warnings = _images_to_map(image_set, split_names)
    stages.done("reading")
    extractor = XFeatExtractor(XFeatConfig(max_key_points=config.max_key_points), device=device)
    describe = _describer(extractor, config.cache_dir)
    scene = build_scene(
        images,
        describe,
        units=image_set.units,
        config=ScenePointsConfig(pairs_per_view=config.pairs_per_view),
        check_poses=check_given_poses if config.has_convention_check and poses == "given" else None,
        progress=stages.progress,
        stage_done=stages.done,
    )
    source = Source(layout=image_set.layout, num_images=len(images), seed=seed)
    mapped = map_of_scene(scene, source, budget_bytes=budget_bytes, config=config, device=device)
    stages.done("codes")
    forecast = None
    if config.num_held_out and config.decoder == "anchored":
        forecast = forecast_accuracy(
            scene,
            load_anchored_decoder(device)[0],
            mapped.header,
            budget_bytes=budget_bytes,
            config=_anchored_config(config),
            num_photos=config.num_held_out,
        )
        stages.done("forecast")
    warnings = (*warnings, *mapped.warnings)
    return Map(mapped.header, mapped.tensors, dict(stages.seconds), warnings, forecast=forecast)


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a map says of where it came from."""

    layout: str
    num_images: int
    seed: int


def map_of_scene(
    scene: Scene,
    source: Source,
    *,
    budget_bytes: int,
    config: MappingConfig | None = None,
    device: str = "cpu",
) -> Map:
    """Choose and fit the codes of a scene whose points are known."""
    config = config if config is not None else MappingConfig()
    decoder, decoder_hash = load_anchored_decoder(device)
    header: dict[str, Any] = {
        "units": scene.units,
        "origin": [0.0, 0.0, 0.0],
        "decoder": decoder_hash,
        "extractor": extractor_hash(XFeatConfig(max_key_points=config.max_key_points)),
        "layout": {"k": "anchored", "q": config.max_key_points},
        "provenance": {
            "neumap": version("neumap"),
            "images": source.num_images,
            "source": source.layout,
            "seed": source.seed,
        },
    }
    if config.decoder == "paper":
        return map_with_paper_decoder(
            scene,
            {**header, "layout": {"k": "paper", "q": config.max_key_points}},
            budget_bytes=budget_bytes,
            seconds=config.paper_seconds,
            seed=source.seed,
        )
    return map_with_anchored_decoder(
        scene,
        decoder,
        header,
        budget_bytes=budget_bytes,
        config=_anchored_config(config),
        seed=source.seed,
    )


def _anchored_config(config: MappingConfig) -> AnchoredMappingConfig:
    return AnchoredMappingConfig(
        voxel_side=config.voxel_side,
        anchor_bits=config.anchor_bits,
        has_code_fit=config.has_code_fit,
    )


def _ignore(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def _require_device(device: str) -> None:
    if device == "cpu" or (device == "cuda" and torch.cuda.is_available()):
        return
    reason = "is not there: PyTorch finds no CUDA device" if device == "cuda" else "is unknown"
    raise OptionError(f"--device {device}", reason, "Use cpu or cuda.")


def _read(
    data: Path | str | ImageSet, *, poses: Literal["given", "sfm"], layout: str | None, seed: int
) -> ImageSet:
    if isinstance(data, ImageSet):
        return data
    if poses == "sfm":
        with tempfile.TemporaryDirectory(prefix="neumap-sfm-") as workspace:
            return pose_photos(Path(data), workspace=Path(workspace), seed=seed)
    return read_images(Path(data), layout=layout)


def _images_to_map(
    image_set: ImageSet, split_names: Sequence[str] | None
) -> tuple[tuple[PosedImage, ...], tuple[str, ...]]:
    """The posed photos to map, and what a user should know of them."""
    images = image_set.images
    if split_names is not None:
        by_name = image_set.by_name()
        missing = [name for name in split_names if name not in by_name]
        if missing:
            raise MappingError(missing[0], "is not in the data set", "Correct the split.")
        images = tuple(by_name[name] for name in split_names)
    posed = tuple(image for image in images if image.cam_from_world is not None)
    few = require_enough([image.name for image in posed])
    warnings = (*image_set.warnings, *((few,) if few is not None else ()))
    if len(posed) < len(images):
        warnings = (*warnings, f"{len(images) - len(posed)} photos have no pose and are left out.")
    return posed, warnings


def _describer(extractor: XFeatExtractor, cache_dir: Path | None) -> Describe:
    if cache_dir is not None:
        return FeatureCache(cache_dir, extractor).describe
    return describe_with(extractor)
