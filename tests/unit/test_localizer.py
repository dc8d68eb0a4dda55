"""The steps of a query, on made points that stand in for features, decoder and codes."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from made_scene import VIEW_CAMERA, pose_on_arc, unit
from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.errors import OptionError
from neumap.features import LocalFeatures
from neumap.features.xfeat import XFeatExtractor
from neumap.localizer import Localizer, LocalizerConfig
from neumap.pose import PoseEstimate, PoseFailure
from neumap.pose.guided_matching import GuideTable

RNG = np.random.default_rng(0)
ANCHORS = RNG.uniform([-1.8, -1.4, -1.0], [1.8, 1.4, 1.0], (300, 3))
LOOKS = unit(RNG.normal(size=(300, 16)))
POSE = pose_on_arc(8.0)
SIZE = (640, 480)


def made_features(noise_px=0.3):
    xy_img = VIEW_CAMERA.img_from_cam(POSE.apply(ANCHORS)) + RNG.normal(0, noise_px, (300, 2))
    return LocalFeatures(xy_img, LOOKS, np.linspace(1, 0.1, 300).astype(np.float32))


@dataclass
class MadeReader:
    """Knows every third key-point's anchor, gives the others a wrong one, and remembers."""

    has_guide: bool = True
    num_seen: list[int] = field(default_factory=list)

    def predict(self, features):
        self.num_seen.append(len(features))
        pixel = np.arange(len(features))
        shown = np.where(pixel % 3 == 0, pixel, (pixel * 7 + 5) % len(ANCHORS))
        confidence = np.full(len(features), 0.5, dtype=np.float32)
        return SceneCoordinates(pixel, ANCHORS[shown], confidence)

    def guide(self, features):
        if not self.has_guide:
            return None
        return GuideTable(ANCHORS, LOOKS, features.xy_img, features.descriptors)


@pytest.fixture(scope="module")
def extractor():
    return XFeatExtractor()


def localise(extractor, reader, **settings):
    localizer = Localizer(extractor, reader, config=LocalizerConfig(**settings))
    return localizer.localize_features(made_features(), size=SIZE, camera=VIEW_CAMERA)


def gap(result):
    centers = result.cam_from_world.center_in_source, POSE.center_in_source
    return float(np.linalg.norm(centers[0] - centers[1]))


def test_guided_passes_find_the_pairs_that_the_decoder_missed(extractor):
    first = localise(extractor, MadeReader(), guided_passes=())
    guided = localise(extractor, MadeReader())
    assert isinstance(first, PoseEstimate)
    assert isinstance(guided, PoseEstimate)
    assert first.num_inliers < 120 < 280 < guided.num_inliers
    assert gap(guided) < 0.01
    assert set(guided.timings_ms) == {"match", "solve", "guided", "judge"}


def test_a_reader_without_anchors_is_not_guided(extractor):
    plain = localise(extractor, MadeReader(has_guide=False))
    assert plain.num_inliers == localise(extractor, MadeReader(), guided_passes=()).num_inliers


def test_a_photo_of_another_place_is_refused_with_a_camera_and_without(extractor):
    class ForeignReader(MadeReader):
        def predict(self, features):
            pixel = np.arange(len(features))
            confidence = np.full(len(features), 0.5, dtype=np.float32)
            return SceneCoordinates(pixel, ANCHORS[(pixel * 7 + 5) % len(ANCHORS)], confidence)

    localizer = Localizer(extractor, ForeignReader())
    for camera in (VIEW_CAMERA, None):
        result = localizer.localize_features(made_features(), size=SIZE, camera=camera)
        assert isinstance(result, PoseFailure)
        reasons = ("matches agree on a pose", "no pose", "cover too small a part of the photo")
        assert any(reason in result.reason for reason in reasons)


def test_a_photo_without_a_camera_is_verified_too(extractor):
    localizer = Localizer(extractor, MadeReader())
    result = localizer.localize_features(made_features(), size=SIZE, camera=None)
    assert isinstance(result, PoseEstimate)
    assert gap(result) < 0.1
    assert abs(result.camera.fx - VIEW_CAMERA.fx) < 10


def test_without_codes_to_look_for_the_ratio_of_inliers_decides(extractor):
    failure = localise(extractor, MadeReader(has_guide=False), min_inlier_ratio=0.5)
    assert isinstance(failure, PoseFailure)
    assert "less than a share of 0.5" in failure.reason


def test_only_the_best_key_points_are_matched(extractor):
    reader = MadeReader()
    result = localise(extractor, reader, max_key_points=150)
    assert reader.num_seen == [150]
    assert 130 < result.num_inliers <= 150


def test_more_key_points_are_matched_only_where_the_first_leave_doubt(extractor):
    reader = MadeReader()
    sure = localise(extractor, reader, first_key_points=240)
    assert reader.num_seen == [240]
    assert sure.num_inliers > 280  # the guided passes look at all
    reader = MadeReader()
    assert gap(localise(extractor, reader, first_key_points=30)) < 0.01
    assert reader.num_seen == [30, 300]


def test_a_lower_quality_matches_fewer_key_points_and_changes_nothing_else():
    configs = [LocalizerConfig.of_quality(name) for name in ("full", "fast", "fastest")]
    counts = [config.max_key_points for config in configs]
    assert counts == sorted(counts, reverse=True)
    assert configs[0] == LocalizerConfig()
    assert {config.guided_passes for config in configs} == {LocalizerConfig().guided_passes}


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_key_points": 0},
        {"first_key_points": 0},
        {"threshold_px": 0.0},
        {"min_inlier_ratio": 1.5},
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(OptionError, match="out of range"):
        LocalizerConfig(**wrong)
