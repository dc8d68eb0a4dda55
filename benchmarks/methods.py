"""The maps that are compared: full precision, the yardstick and neumap's, of the same photos.

The first two have XFeat's own key-points, as `decoder.md` section 6 fixes them, and stand beside
under the name "on blobs" with neumap's.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.sets import BenchSet
from neumap.anchored_mapping import AnchoredMappingConfig, map_with_anchored_decoder
from neumap.baselines.nearest import NearestReader, full_precision, yardstick
from neumap.codes.code_space import CodeSpace
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.decoder.weights import load_anchored_decoder, read_anchored_decoder
from neumap.features.xfeat import Detector, XFeatConfig
from neumap.localizer import SceneReader
from neumap.mapping import MappingConfig, Source, map_of_scene
from neumap.scene.scene import Scene
from neumap.scene_map import extractor_hash
from neumap.scene_readers import AnchoredReader

FULL_PRECISION, YARDSTICK, OWN = "full precision", "yardstick", "neumap"
SUFFIXES: dict[Detector, str] = {"xfeat": "", "blobs": " on blobs"}
"""Of the names of baselines, by their key-points."""
Scenes = Mapping[Detector, Scene]
"""The points of the same photos by the detector of their key-points."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Method:
    """A map of one fold, and how photos are localised in it."""

    label: str
    reader: SceneReader
    num_bytes: int
    detector: Detector = "xfeat"
    """What finds the key-points of mapped photos and of queries."""
    budget: int | None = None
    """Bytes that the map had to fit in; None for full precision."""
    seed: int = 0
    """Seed of the mapping."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MapMaker:
    """What all maps of a run share."""

    decoder: AnchoredDecoder
    decoder_hash: str
    is_shipped: bool
    """Whether the decoder is the package's."""
    space: CodeSpace
    """The yardstick's."""
    budgets: tuple[int, ...]
    num_seeds: int

    def methods_of(self, scenes: Scenes, *, layout: str) -> list[Method]:
        """All maps of one fold, neumap's with each seed."""
        methods = [full_method(scenes)]
        for budget in self.budgets:
            methods += yardstick_methods(scenes, self.space, budget)
            methods += [
                self._own(scenes["blobs"], budget=budget, seed=seed, layout=layout)
                for seed in range(self.num_seeds)
            ]
        return methods

    def labels(self) -> list[str]:
        """Names of the rows that `methods_of` gives."""
        kinds = [*(f"{YARDSTICK}{suffix}" for suffix in SUFFIXES.values()), OWN]
        return [FULL_PRECISION, *(label_of(kind, b) for b in self.budgets for kind in kinds)]

    def _own(self, scene: Scene, *, budget: int, seed: int, layout: str) -> Method:
        source = Source(layout=layout, num_images=len(scene.views), seed=seed)
        if self.is_shipped:
            built = map_of_scene(scene, source, budget_bytes=budget)
        else:  # the header of a quick map, so that bytes are those of the package's whole file
            quick = MappingConfig(has_code_fit=False)
            header = map_of_scene(scene, source, budget_bytes=budget, config=quick).header
            built = map_with_anchored_decoder(
                scene,
                self.decoder,
                {**header, "decoder": self.decoder_hash},
                budget_bytes=budget,
                config=AnchoredMappingConfig(),
                seed=seed,
            )
        reader = built.reader
        assert isinstance(reader, AnchoredReader)  # the default kind of map
        return Method(
            label=label_of(OWN, budget),
            reader=AnchoredReader(self.decoder, reader.codes),
            num_bytes=sum(built.bytes_by_part().values()),
            detector="blobs",
            budget=budget,
            seed=seed,
        )


def full_method(scenes: Scenes, detector: Detector = "xfeat") -> Method:
    """All points with their descriptors as they are."""
    full = full_precision(scenes[detector])
    label = f"{FULL_PRECISION}{SUFFIXES[detector]}"
    return Method(label=label, reader=full, num_bytes=full.num_bytes, detector=detector)


def yardstick_methods(scenes: Scenes, space: CodeSpace, budget: int) -> list[Method]:
    """The yardstick of each kind of key-points that the scenes have."""
    methods: list[Method] = []
    for detector, scene in scenes.items():
        base: NearestReader = yardstick(scene, space, num_bytes=budget)
        methods.append(
            Method(
                label=label_of(f"{YARDSTICK}{SUFFIXES[detector]}", budget),
                reader=base,
                num_bytes=base.num_bytes,
                detector=detector,
                budget=budget,
            )
        )
    return methods


def trial_header(bench: BenchSet, decoder_hash: str) -> dict[str, Any]:  # Any: JSON
    """Header of maps that are measured and not kept, of as many bytes as a kept one's."""
    return {
        "units": bench.units,
        "origin": [0.0, 0.0, 0.0],
        "decoder": decoder_hash,
        "extractor": extractor_hash(XFeatConfig()),
        "layout": {"k": "anchored", "q": 2000},
        "provenance": {"neumap": "0", "images": 0, "source": bench.layout, "seed": 0},
    }


def label_of(kind: str, budget: int) -> str:
    """Name of a row, e.g. `yardstick 4.2 kB`."""
    return f"{kind} {budget / 1000:g} kB"


def read_decoder(path: Path | None) -> tuple[AnchoredDecoder, str]:
    """Decoder and first 16 digits of its weights' SHA-256; the shipped one without a file."""
    if path is None:
        return load_anchored_decoder()
    data = path.read_bytes()
    return read_anchored_decoder(data, name=str(path)), hashlib.sha256(data).hexdigest()[:16]
