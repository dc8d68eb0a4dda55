"""Methods that keep all mapped photos' key-points and match a query with retrieved photos."""

import time
from dataclasses import replace

from neumap.baselines.lighter_glue import LighterGlueMatcher
from neumap.baselines.method import BuiltMap, Fold, refuse_budget
from neumap.baselines.pair_matchers import MutualNearestMatcher, PairMatcher
from neumap.baselines.pairs_reader import PairsReader
from neumap.baselines.photo_localizer import PhotoLocalizer, query_extractor
from neumap.baselines.photo_store import PhotoStore
from neumap.baselines.sift import SiftExtractor
from neumap.features import AbstractExtractor
from neumap.features.xfeat import XFeatConfig, XFeatExtractor
from neumap.localizer import LocalizerConfig
from neumap.pose.verification import VerificationConfig
from neumap.scene.association import AssociationConfig
from neumap.scene.build_scene import build_scene, describe_with
from neumap.scene.points_config import ScenePointsConfig

_NUM_MUTUAL = 10  # photos matched with a query by mutual nearest neighbours, as hloc has it
_NUM_LIGHTGLUE = 3  # by the network, which takes far longer
_SIFT_SIMILARITY = 0.755
"""COLMAP's largest distance of two matched unit descriptors, 0.7, as a cosine."""
# SIFT finds a point again far less often than XFeat, so points that are not seen say little; and
# its matches are not learned to support each other, so that they are sure sooner.
_SIFT_JUDGEMENT = LocalizerConfig(verification=VerificationConfig(overwhelming_nats=100.0))


class XFeatPairsMethod:
    """hloc (Sarlin et al., CVPR 2019) with XFeat key-points.

    All key-points of all mapped photos are kept with the points that they show. A query is matched
    with the 10 most similar photos by mutual nearest neighbours. Retrieval is by VLAD of the same
    descriptors, where hloc has NetVLAD. Bytes: descriptors in half precision, point numbers,
    points, photo vectors and visual words.
    """

    name = "xfeat-pairs"
    has_budget = False

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Keep all photos; the seed is that of the retrieval's words."""
        refuse_budget(self.name, budget_bytes)
        return _built(fold, MutualNearestMatcher(), num_retrieved=_NUM_MUTUAL, seed=seed)


class LightGlueMethod:
    """hloc with XFeat key-points matched by LighterGlue, which is LightGlue trained for XFeat.

    As `XFeatPairsMethod`, but the 3 most similar photos are matched by the network, which needs
    the key-points' positions too: 2 bytes a coordinate. Lindenberger et al., ICCV 2023; Potje et
    al., CVPR 2024.
    """

    name = "lightglue"
    has_budget = False

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Keep all photos; the seed is that of the retrieval's words."""
        refuse_budget(self.name, budget_bytes)
        return _built(
            fold,
            LighterGlueMatcher(max_key_points=1000),
            num_retrieved=_NUM_LIGHTGLUE,
            seed=seed,
            has_positions=True,
        )


class SiftMethod:
    """COLMAP's SIFT mapped with the given poses kept fixed (Schoenberger et al., CVPR 2016).

    Key-points are pycolmap's, 2,000 a photo. Pairs come from the covisibility of the given poses,
    10 a photo; matches are mutual nearest neighbours that agree with the poses, tracks of them
    are triangulated. Depth is not used: this is what a user of COLMAP gets. A query is registered
    against the 10 most similar photos as in `XFeatPairsMethod`, and bytes are counted alike, with
    a byte for each of a descriptor's 128 values, as COLMAP stores them.
    """

    name = "sift"
    has_budget = False

    def build(self, fold: Fold, *, budget_bytes: int | None, seed: int) -> BuiltMap:
        """Describe, match and triangulate; the seed is that of the retrieval's words."""
        refuse_budget(self.name, budget_bytes)
        start = time.perf_counter()
        extractor = SiftExtractor()
        describe = describe_with(extractor)
        scene = build_scene(
            [replace(image, depth=None) for image in fold.mapped],
            describe,
            units=fold.image_set.units,
            config=ScenePointsConfig(
                min_similarity=_SIFT_SIMILARITY,
                association=AssociationConfig(min_similarity=_SIFT_SIMILARITY),
            ),
        )
        store = PhotoStore.from_scene(scene, describe, seed=seed)
        matcher = MutualNearestMatcher(min_similarity=_SIFT_SIMILARITY)
        # Half precision is kept in memory; a byte a value is what COLMAP's database has.
        num_values = sum(photo.descriptors.size for photo in store.photos)
        return BuiltMap(
            localizer=_localizer(
                *(store, matcher, extractor), num_retrieved=_NUM_MUTUAL, config=_SIFT_JUDGEMENT
            ),
            num_bytes=store.num_bytes(has_positions=False) - num_values,
            mapping_seconds=time.perf_counter() - start,
        )


def _built(
    fold: Fold,
    matcher: PairMatcher,
    *,
    num_retrieved: int,
    seed: int,
    has_positions: bool = False,
) -> BuiltMap:
    """Store the photos of the fold's scene."""
    timed = fold.timed_scene("xfeat")
    start = time.perf_counter()
    describe = describe_with(XFeatExtractor(XFeatConfig(detector="xfeat")))
    store = PhotoStore.from_scene(timed.scene, describe, seed=seed)
    seconds = timed.seconds + time.perf_counter() - start
    return BuiltMap(
        localizer=_localizer(store, matcher, query_extractor("xfeat"), num_retrieved=num_retrieved),
        num_bytes=store.num_bytes(has_positions=has_positions),
        mapping_seconds=seconds,
    )


def _localizer(
    store: PhotoStore,
    matcher: PairMatcher,
    extractor: AbstractExtractor,
    *,
    num_retrieved: int,
    config: LocalizerConfig | None = None,
) -> PhotoLocalizer:
    def reader_of_size(size: tuple[int, int]) -> PairsReader:
        return PairsReader(store, matcher, num_retrieved=num_retrieved, query_size=size)

    return PhotoLocalizer(extractor, reader_of_size, config=config)
