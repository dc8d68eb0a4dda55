import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from neumap.decoder.anchored_decoder import AnchoredDecoder, AnchoredDecoderConfig
from neumap.errors import DataError
from neumap.training.anchored_config import AnchoredTrainingConfig
from neumap.training.anchored_losses import (
    Labels,
    episode_losses,
    lifted_episode,
    quantised_straight_through,
)
from neumap.training.anchored_trainer import train_anchored
from neumap.training.episodes import EpisodeConfig, EpisodeSource
from neumap.training.scene_cache import TrainingScene
from neumap.training.train_anchored import fit_code_space, main

SMALL = AnchoredDecoderConfig(width=8, hidden=8, num_heads=2, num_rounds=2)


@pytest.fixture
def source(make_scene) -> EpisodeSource:
    scenes = []
    for seed in (0, 1):
        scene = make_scene(seed, num_points=150, num_views=8, num_stray=80)
        depths = tuple(np.full(len(view.features), np.nan) for view in scene.views)
        scenes.append(TrainingScene(f"made{seed}", scene, (), depths, (100.0,) * 8))
    config = EpisodeConfig(
        maps_per_scene=2, codes=(30, 120), descriptor_noise=0.08, wrong_scene_share=0.0
    )
    return EpisodeSource(scenes, config, seed=0)


def new_decoder(source: EpisodeSource) -> AnchoredDecoder:
    generator = torch.Generator().manual_seed(0)
    return AnchoredDecoder(fit_code_space(source.scenes), SMALL, generator=generator)


def config(steps: int) -> AnchoredTrainingConfig:
    return AnchoredTrainingConfig(
        max_steps=steps, max_seconds=1e9, log_every=5, checkpoint_every=1000, warm_up_steps=5
    )


def total_loss(decoder: AnchoredDecoder, source: EpisodeSource) -> float:
    rng = np.random.default_rng(99)
    with torch.no_grad():
        losses = [episode_losses(decoder, source.draw(rng), config(1)) for _ in range(8)]
    return float(np.mean([float(own["total"]) for own in losses]))


def test_training_lowers_the_loss_and_logs_it(source, tmp_path):
    decoder = new_decoder(source)
    before = total_loss(decoder, source)
    assert train_anchored(decoder, source, config=config(30), seed=0, folder=tmp_path) == 30
    assert total_loss(decoder, source) < 0.9 * before
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [5, 10, 15, 20, 25, 30]
    assert all(np.isfinite(line["total"]) for line in lines)


def test_a_resumed_run_sees_the_episodes_that_were_left(source, tmp_path):
    decoder = new_decoder(source)
    train_anchored(decoder, source, config=config(4), seed=0, folder=tmp_path)
    again = new_decoder(source)
    steps = train_anchored(again, source, config=config(4), seed=0, folder=tmp_path, resumes=True)
    assert steps == 4
    for name, value in decoder.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])
    further = train_anchored(again, source, config=config(6), seed=0, folder=tmp_path, resumes=True)
    assert further == 6
    assert not torch.equal(again.log_scale, decoder.log_scale)


class Killed(Exception):
    """Stands for the end of a process in the middle of a run."""


class MortalSource(EpisodeSource):
    """Draws what another source draws, until it has drawn so many episodes."""

    def __init__(self, source, num_episodes):
        vars(self).update(vars(source))
        self.left = num_episodes

    def draw(self, rng):
        self.left -= 1
        if self.left < 0:
            raise Killed
        return super().draw(rng)


def test_a_killed_run_ends_with_the_weights_of_an_uninterrupted_one(source, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    settings = replace(config(6), checkpoint_every=2)
    decoder, again = new_decoder(source), new_decoder(source)
    train_anchored(decoder, source, config=settings, seed=0, folder=whole)
    mortal = MortalSource(source, 5 * settings.episodes_per_step)  # a step after a checkpoint
    with pytest.raises(Killed):
        train_anchored(again, mortal, config=settings, seed=0, folder=killed)
    fresh = new_decoder(source)
    train_anchored(fresh, source, config=settings, seed=0, folder=killed, resumes=True)
    for name, value in decoder.state_dict().items():
        assert torch.equal(value, fresh.state_dict()[name]), name


def test_a_damaged_checkpoint_is_a_typed_error(source, tmp_path):
    decoder = new_decoder(source)
    train_anchored(decoder, source, config=config(1), seed=0, folder=tmp_path)
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError):
        train_anchored(decoder, source, config=config(2), seed=0, folder=tmp_path, resumes=True)


def test_gradients_reach_the_code_space_through_the_quantiser(source):
    decoder = new_decoder(source)
    episode = source.draw(np.random.default_rng(0))
    episode_losses(decoder, episode, config(1))["total"].backward()
    assert decoder.projection.grad is not None
    assert decoder.projection.grad.abs().max() > 0


def test_trained_on_codes_are_the_stored_ones(source):
    decoder = new_decoder(source)
    episode = source.draw(np.random.default_rng(0))
    space = decoder.code_space
    levels = space.quantise(space.project(episode.code_descriptors.numpy()))
    lifted = lifted_episode(decoder, episode)
    np.testing.assert_allclose(
        lifted.unit_codes.detach().numpy(), space.unit_codes(levels), atol=1e-5
    )


def test_the_quantiser_passes_gradients_as_if_it_were_not_there():
    values = torch.linspace(-3, 3, 20).reshape(5, 4).requires_grad_(True)
    quantised_straight_through(values, torch.full((4,), 0.2)).sum().backward()
    assert torch.equal(values.grad, torch.ones(5, 4))


def test_no_pair_is_both_right_and_unsure(source):
    labels = Labels.of(source.draw(np.random.default_rng(0)), config(1))
    assert labels.is_right.any()
    assert not (labels.is_right & labels.is_unsure).any()


def test_a_query_that_shows_no_code_gives_finite_losses(source):
    episode = source.draw(np.random.default_rng(0))
    episode.truth.code_xy_px.fill_(torch.nan)
    losses = episode_losses(new_decoder(source), episode, config(1))
    assert all(torch.isfinite(loss) for loss in losses.values())


def test_the_command_refuses_a_folder_without_photos(tmp_path, capsys):
    assert main(["--scenes", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert "does not exist" in capsys.readouterr().err
