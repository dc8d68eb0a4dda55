from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from neumap.codes.anchored_codes import AnchoredCodes
from neumap.codes.code_space import CodeSpace
from neumap.decoder.anchored_decoder import AnchoredDecoder, AnchoredDecoderConfig
from neumap.errors import OptionError
from neumap.features import LocalFeatures
from neumap.features.matching import mutual_nearest

SPACE = CodeSpace.fit(
    np.random.default_rng(0).normal(size=(400, 32)).astype(np.float32),
    np.arange(400) % 100,
    num_values=16,
)
CONFIG = AnchoredDecoderConfig(descriptor_dim=32, width=16, hidden=16)


def untrained(**changes) -> AnchoredDecoder:
    return AnchoredDecoder(SPACE, replace(CONFIG, **changes)).eval()


def shaken(**changes) -> AnchoredDecoder:
    """A decoder whose zero starts are random numbers, as if trained."""
    decoder = untrained(**changes)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in decoder.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(0.1 * noise * (parameter.abs().mean() + 0.3))
    return decoder


def codes(count: int = 60, seed: int = 1) -> AnchoredCodes:
    rng = np.random.default_rng(seed)
    return AnchoredCodes.from_points(rng.normal(size=(count, 3)), rng.integers(0, 16, (count, 16)))


def features(count: int = 80) -> LocalFeatures:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(count, 32))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return LocalFeatures(rng.uniform(0, 400, (count, 2)), rows, np.ones(count, np.float32))


def matches(decoder: AnchoredDecoder, own: AnchoredCodes) -> set[tuple[int, int]]:
    out = decoder.predict(features(), own)
    anchors = own.anchors_in_world
    code = [int(np.abs(anchors - xyz).sum(axis=1).argmin()) for xyz in out.xyz_in_world]
    return set(zip(out.pixel_idx.tolist(), code, strict=True))


def test_untrained_it_is_the_mutual_nearest_neighbour_by_cosine():
    own = codes()
    pairs, _ = mutual_nearest(
        SPACE.query(features().descriptors), SPACE.unit_codes(own.levels).astype(np.float32)
    )
    assert matches(untrained(), own) == {(int(a), int(b)) for a, b in pairs}


def test_similarity_is_the_cosine_of_query_and_quantised_code():
    own = codes()
    expected = SPACE.query(features().descriptors) @ SPACE.unit_codes(own.levels).T
    np.testing.assert_allclose(untrained().similarity(features(), own), expected, atol=1e-5)


def test_query_vectors_give_the_similarity_with_unit_codes():
    decoder, own = shaken(), codes()
    product = decoder.query_vectors(features()) @ decoder.code_space.unit_codes(own.levels).T
    np.testing.assert_allclose(product, decoder.similarity(features(), own), atol=1e-5)


def test_plain_matches_do_not_depend_on_what_was_learned_of_the_scores():
    decoder = shaken(matches="plain")
    similarity = decoder.similarity(features(), codes())
    pixel = np.arange(len(similarity))
    best = similarity.argmax(axis=1)
    mutual = similarity.argmax(axis=0)[best] == pixel
    expected = {(int(p), int(best[p])) for p in pixel[mutual]}
    assert matches(decoder, codes()) == expected


def test_union_holds_the_learned_and_the_plain_matches():
    learned = matches(shaken(matches="learned"), codes())
    plain = matches(shaken(matches="plain"), codes())
    assert learned != plain
    assert matches(shaken(matches="union"), codes()) == learned | plain


def test_pairs_below_the_confidence_floor_are_not_given_and_others_are():
    everything = shaken().predict(features(), codes())
    floor = float(np.median(everything.confidence))
    kept = shaken(min_confidence=floor).predict(features(), codes())
    assert 0 < len(kept) < len(everything)
    np.testing.assert_array_equal(
        kept.pixel_idx, everything.pixel_idx[everything.confidence >= floor]
    )


def test_answers_do_not_depend_on_the_frame_or_unit_of_the_world():
    decoder, own = shaken(), codes()
    turn = Rotation.from_rotvec([0.3, -1.0, 0.7]).as_matrix()
    lifted = decoder.lifted(own)
    xyz = torch.from_numpy(own.anchors_in_world)
    moved = type(lifted).from_codes(
        lifted.unit_codes, 40.0 * xyz @ torch.from_numpy(turn).T + torch.tensor([1e3, -50.0, 7.0])
    )
    descriptors = torch.from_numpy(features().descriptors)
    xy = torch.from_numpy(features().xy_img.astype(np.float32))
    before = decoder(descriptors, xy, lifted)[-1]
    after = decoder(descriptors, xy, moved)[-1]
    torch.testing.assert_close(before.score, after.score, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(
        before.confidence_logit, after.confidence_logit, atol=1e-3, rtol=1e-3
    )


def test_answers_do_not_depend_on_the_order_of_key_points():
    decoder, own = shaken(), codes()
    order = np.random.default_rng(3).permutation(80)
    first = features()
    second = LocalFeatures(first.xy_img[order], first.descriptors[order], first.scores[order])
    before, after = decoder.predict(first, own), decoder.predict(second, own)
    renamed = set(zip(order[after.pixel_idx].tolist(), after.xyz_in_world[:, 0], strict=True))
    assert renamed == set(zip(before.pixel_idx.tolist(), before.xyz_in_world[:, 0], strict=True))


def test_only_codes_of_active_voxels_are_matched():
    own = codes(40)
    own = replace(own, voxel_idx=np.repeat([0, 1], 20), cells=np.array([[0, 0, 0], [5, 0, 0]]))
    out = untrained().predict(features(), own, voxel_idx=np.array([1]))
    allowed = own.anchors_in_world[20:]
    assert len(out) > 0
    assert all((np.abs(allowed - xyz).sum(axis=1) < 1e-9).any() for xyz in out.xyz_in_world)


def test_one_code_and_one_key_point_are_enough():
    out = shaken().predict(features(1), codes(1))
    assert len(out) == 1
    assert np.isfinite(out.confidence).all()


def test_codes_of_another_space_are_refused():
    own = AnchoredCodes.from_points(np.eye(3), np.ones((3, 8), dtype=np.int64))
    with pytest.raises(ValueError, match="8 values"):
        untrained().predict(features(), own)


@pytest.mark.parametrize(
    "wrong", [{"num_candidates": 1}, {"width": 15}, {"num_rounds": 0}, {"min_confidence": 1.0}]
)
def test_impossible_shapes_are_refused(wrong):
    with pytest.raises(OptionError):
        replace(CONFIG, **wrong)
