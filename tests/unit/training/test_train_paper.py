import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from neumap.codes.code_space import CodeSpace
from neumap.codes.dense_codes import CodeTokens
from neumap.decoder.paper_decoder import PaperDecoderConfig
from neumap.training.matching_start import matching_decoder
from neumap.training.paper_episodes import EpisodeScene, Guise
from neumap.training.random_streams import stream
from neumap.training.train_paper import (
    JointTraining,
    JointTrainingConfig,
    as_if_stored,
    new_networks,
)

CONFIG = PaperDecoderConfig(width=128, num_blocks=2, hidden_factor=2)


def made_scene(seed: int) -> EpisodeScene:
    """400 points, each seen as one pixel in each of 6 views."""
    generator = stream(seed, "scene")
    points = torch.randn(400, 3, generator=generator)
    looks = normalize(torch.randn(400, 64, generator=generator), dim=-1)
    noisy = looks.repeat(6, 1) + 0.02 * torch.randn(2400, 64, generator=generator)
    views = torch.arange(6).repeat_interleave(400)
    point_idx = np.tile(np.arange(400), 6)
    descriptors = normalize(noisy, dim=-1)
    xyz = points.repeat(6, 1)
    return EpisodeScene(
        descriptors, views, xyz, np.arange(400), points, point_idx, views.numpy(), descriptors
    )


def test_the_starting_network_finds_the_nearest_code():
    scene = made_scene(0)
    space = CodeSpace.fit(
        scene.descriptors.numpy(), scene.obs_point_idx, num_values=31, within_weight=0.0
    )
    decoder, start = matching_decoder(
        CONFIG, space, no_match_cosine=0.65, generator=stream(0, "networks")
    )
    with torch.no_grad():
        codes, is_kept = start(scene.descriptors[:300], scene.points_xyz[:300])
        out = decoder(scene.descriptors[None, 400:800], CodeTokens(codes[None], is_kept[None]))
    error = (out.xyz_in_voxel_lengths[0] - scene.xyz[400:800]).norm(dim=-1)
    assert (error[:300] < 0.1).float().mean() > 0.9
    confidence = out.confidence_logit[0]
    assert confidence[:300].mean() > confidence[300:].mean() + 1


def test_a_width_that_does_not_hold_the_channels_is_refused():
    space = CodeSpace.fit(
        np.random.default_rng(0).normal(size=(99, 64)).astype(np.float32),
        np.arange(99) // 3,
        num_values=15,
    )
    with pytest.raises(ValueError, match="do not fit"):
        matching_decoder(
            PaperDecoderConfig(width=64), space, no_match_cosine=0.6, generator=stream(0, "n")
        )


def test_joint_training_is_seeded_and_lowers_the_loss():
    scenes = [made_scene(1), made_scene(2)]
    config = JointTrainingConfig(minutes=1.0, pixels=64, guises=3, longest_life=20)

    def losses() -> list[float]:
        training = JointTraining(scenes, new_networks(scenes, CONFIG, seed=0), config)
        return [training.step(1.0)["coordinate"] for _ in range(12)]

    first = losses()
    assert first == losses()
    assert sum(first[-4:]) < sum(first[:4])


def test_codes_learn_from_mapping_views_alone():
    scene = made_scene(3)
    guise = Guise(scene, num_codes=100, num_blocks=2, width=128, rng=np.random.default_rng(0))
    decoder, start = new_networks([scene], CONFIG, seed=0)
    batch = guise.draw(64, stream(0, "pixels"))
    out = decoder(batch.descriptors, guise.codes(start))
    out.xyz_in_voxel_lengths[1].sum().backward()
    assert guise.offset.grad is None or not guise.offset.grad.any()


def test_storage_noise_is_half_a_step_at_most():
    values = torch.randn(1, 2, 5, 8, generator=stream(0, "values"))
    noisy = as_if_stored(CodeTokens(values, None), stream(0, "noise")).values
    step = values.abs().amax(dim=(1, 2), keepdim=True) / 127
    assert ((noisy - values).abs() <= 0.51 * step).all()
    assert not torch.equal(noisy, values)
