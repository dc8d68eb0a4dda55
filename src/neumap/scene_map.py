"""A map in memory: load, save, localise; what users hold in their hands."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from jaxtyping import Float, UInt8

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.dense_stream import dense_codes_of, point_value_bits
from neumap.codes.forecast import Forecast
from neumap.codes.map_file import map_file_bytes, part_sizes, read_map_file, write_map_file
from neumap.decoder.paper_space import load_dense_space
from neumap.decoder.paper_weights import MIN_INLIER_RATIO, load_paper_decoder
from neumap.decoder.weights import load_anchored_decoder
from neumap.errors import MapFileError, PhotoError
from neumap.features.xfeat import (
    Engine,
    XFeatConfig,
    XFeatExtractor,
    fastest_engine,
    xfeat_identity,
)
from neumap.geometry import Camera
from neumap.images.exif import camera_from_exif
from neumap.images.photo import load_photo
from neumap.images.posed_image import Units
from neumap.localizer import Localizer, LocalizerConfig, Quality, SceneReader
from neumap.pose import PoseEstimate, PoseFailure
from neumap.scene_readers import AnchoredReader, PaperReader

_REMEDY = "Build the map again with this version, or use the version that built it."


@dataclass(frozen=True, eq=False)
class Map:
    """A scene's codes with all that a localiser needs besides the installed package."""

    header: Mapping[str, Any]  # JSON values: the file's header
    tensors: Mapping[str, np.ndarray]
    stage_seconds: Mapping[str, float] = field(default_factory=dict[str, float])
    """Time of each mapping stage; empty on a loaded map."""
    warnings: tuple[str, ...] = ()
    """What a user should know of the mapping; empty on a loaded map."""
    engine: Engine | Literal["auto"] = "auto"
    """What describes photos; `auto` is the quicker one of torch on this processor."""
    forecast: Forecast | None = None
    """Errors that held-out mapping photos lead to expect; None where none were held out."""
    quality: Quality = "full"
    """Accuracy against time of `localize` (docs/decisions/004-query-time.md)."""

    @classmethod
    def load(
        cls,
        path: Path | str,
        *,
        quality: Quality = "full",
        engine: Engine | Literal["auto"] = "auto",
    ) -> "Map":
        """Read a map file and check it against the installed decoder and extractor.

        `engine` computes descriptors: in float32 they are those of every processor; others are
        quicker and differ by a hundredth at most (docs/decisions/004-query-time.md).

        Raises MapFileError if the file is damaged, of another version, or was built for another
        decoder or extractor, and OptionError where the engine is not installed.
        """
        header, tensors = read_map_file(Path(path))
        loaded = cls(header, tensors, quality=quality, engine=engine)
        loaded._check(str(path))
        return loaded

    def save(self, path: Path | str) -> None:
        """Write the map file whole or not at all; the same map gives the same bytes."""
        write_map_file(Path(path), self.header, self.tensors)

    @property
    def units(self) -> Units:
        """Unit of positions: metre, or unknown where the poses had no scale."""
        return "metre" if self.header["units"] == "metre" else "unknown"

    @property
    def kind(self) -> str:
        """Which decoder reads the codes: anchored or paper."""
        return str(self.header["layout"]["k"])

    @property
    def num_codes(self) -> int:
        """Number of codes in the map."""
        reader = self.reader
        if isinstance(reader, AnchoredReader):
            return len(reader.codes)
        codes = dense_codes_of(self.tensors, load_dense_space())
        return int(codes.is_of_point.sum())

    def bytes_by_part(self) -> dict[str, int]:
        """Bytes of codes, anchors, tables and header; they add up to the file's size."""
        parts = part_sizes(map_file_bytes(self.header, self.tensors))
        reader = self.reader
        if not isinstance(reader, AnchoredReader):
            return parts
        anchors = reader.codes.num_anchor_bytes()  # coded in one stream with the values
        return {"anchors": anchors, **parts, "codes": parts["codes"] - anchors}

    def value_bits(self) -> tuple[float, float]:
        """Bits that a value of a code takes, and its entropy by the frequencies of the levels."""
        reader = self.reader
        if isinstance(reader, AnchoredReader):
            return reader.codes.value_bits()
        space = load_dense_space()
        return point_value_bits(dense_codes_of(self.tensors, space), space)

    @property
    def anchors_in_world(self) -> Float[np.ndarray, "code 3"]:
        """Anchor positions in scene units; none for a map of the paper's decoder."""
        reader = self.reader
        if isinstance(reader, AnchoredReader):
            return reader.codes.anchors_in_world
        return np.zeros((0, 3))

    def localize(
        self,
        photo: Path | str | UInt8[np.ndarray, "height width 3"],
        *,
        camera: Camera | None = None,
    ) -> PoseEstimate | PoseFailure:
        """Find where a photo was taken: cam_from_world in the map's frame and unit.

        `photo` is a file (JPEG or PNG, pixels as stored) or an RGB array; `camera` holds the
        intrinsics of those pixels. Without it the focal length is that of the file's EXIF block,
        or where there is none it is estimated with the pose; `PoseEstimate.camera` is the one
        used. PoseFailure says why there is no pose. Raises PhotoError on a photo that cannot be
        read or does not have its camera's size.
        """
        if isinstance(photo, np.ndarray):
            return self.localizer.localize(photo, camera=camera)
        path = Path(photo)
        known = camera if camera is not None else camera_from_exif(path)
        return self.localizer.localize(load_photo(path), camera=known)

    def localize_all(
        self,
        photos: Sequence[Path | str | UInt8[np.ndarray, "height width 3"]],
        *,
        camera: Camera | None = None,
    ) -> tuple[PoseEstimate | PoseFailure, ...]:
        """Localise photos one after another, in their order, as `localize` does.

        A photo that cannot be used does not stop the others: its PoseFailure says why.
        """
        results: list[PoseEstimate | PoseFailure] = []
        for photo in photos:
            try:
                results.append(self.localize(photo, camera=camera))
            except PhotoError as error:
                results.append(PoseFailure(str(error)))
        return tuple(results)

    @cached_property
    def localizer(self) -> Localizer:
        """The localiser of the map's quality; made once and kept."""
        config = LocalizerConfig.of_quality(self.quality)
        if self.kind == "paper":
            config = replace(config, min_inlier_ratio=MIN_INLIER_RATIO)
        return self.localizer_with(config)

    def localizer_with(self, config: LocalizerConfig) -> Localizer:
        """Build a localiser with other settings, e.g. without the guided passes."""
        return Localizer(self._extractor, self.reader, config=config)

    @cached_property
    def _extractor(self) -> XFeatExtractor:
        engine = fastest_engine() if self.engine == "auto" else self.engine
        return XFeatExtractor(replace(self._extractor_config, engine=engine))

    @property
    def _extractor_config(self) -> XFeatConfig:
        """That of the mapping, which describes in float32."""
        return XFeatConfig(max_key_points=int(self.header["layout"]["q"]))

    @cached_property
    def reader(self) -> SceneReader:
        """The decoder bound to the codes: what the localiser asks."""
        if self.kind == "paper":
            codes = dense_codes_of(self.tensors, load_dense_space())
            return PaperReader(load_paper_decoder()[0], codes)
        codes = AnchoredCodes.from_tensors(
            self.tensors,
            layout=cast(dict[str, Any], self.header["layout"]),  # JSON, checked by from_tensors
            origin=np.array(self.header["origin"], dtype=np.float64),
        )
        return AnchoredReader(load_anchored_decoder()[0], codes)

    def _check(self, path: str) -> None:
        """Refuse maps that the installed networks cannot read."""
        layout = self.header["layout"]
        if not isinstance(layout, dict) or layout.get("k") not in ("anchored", "paper"):
            raise MapFileError(path, "does not say which decoder reads it", _REMEDY)
        installed = load_paper_decoder()[1] if self.kind == "paper" else load_anchored_decoder()[1]
        if self.header["decoder"] != installed:
            raise MapFileError(
                path,
                f"was built for decoder {self.header['decoder']}, installed is {installed}",
                _REMEDY,
            )
        if not isinstance(layout.get("q"), int) or not 1 <= int(layout["q"]) <= 100_000:
            raise MapFileError(path, "states an impossible number of key-points", _REMEDY)
        installed = extractor_hash(self._extractor_config)
        if self.header["extractor"] != installed:
            raise MapFileError(
                path,
                f"was built with extractor {self.header['extractor']}, installed is {installed}",
                _REMEDY,
            )
        _ = self._extractor  # an engine that is not installed is refused here, not at a query
        _ = self.reader  # codes that do not fit their layout are refused here, not at a query


def extractor_hash(config: XFeatConfig) -> str:
    """Return 8 hex digits that stand for the extractor's identity in a map's header."""
    return hashlib.sha256(xfeat_identity(config).encode()).hexdigest()[:8]
