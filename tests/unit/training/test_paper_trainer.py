import hashlib
import json

import numpy as np
import pytest
import torch

from neumap.codes.pruning import prune_to_count
from neumap.decoder.paper_decoder import PaperDecoder, PaperDecoderConfig
from neumap.scene.voxels import VoxelGrid
from neumap.training.feature_buffer import BatchConfig, FeatureBuffer
from neumap.training.paper_config import CodeLayout, LossConfig, PaperTrainingConfig
from neumap.training.paper_trainer import batch_losses, fit_codes, train_jointly

SMALL = PaperDecoderConfig(descriptor_dim=64, width=32, num_blocks=2)
LAYOUT = CodeLayout(codes_per_block=16)
BATCH = BatchConfig(voxels=4, views_per_voxel=6, pixels_per_view=40)


def new_decoder(seed: int = 0, config: PaperDecoderConfig = SMALL) -> PaperDecoder:
    return PaperDecoder(config, generator=torch.Generator().manual_seed(seed))


def new_buffer(scene, side: float | None = None) -> FeatureBuffer:
    grid = VoxelGrid.from_points(scene.points.xyz_in_world, side=side, min_points=5)
    return FeatureBuffer(scene, grid, min_points_per_view=5)


def fast(max_steps: int, **losses: float) -> PaperTrainingConfig:
    return PaperTrainingConfig(
        max_steps=max_steps, warm_up_steps=5, batch=BATCH, losses=LossConfig(**losses)
    )


def weights_hash(module: torch.nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def median_error(scene, decoder, codes) -> float:
    errors = []
    for index, view in enumerate(scene.views):
        out = decoder.predict(view.features, codes)
        predicted = np.full((len(view.features), 3), np.nan)
        predicted[out.pixel_idx] = out.xyz_in_world
        own = scene.points.obs_view_idx == index
        truth = scene.points.xyz_in_world[scene.points.obs_point_idx[own]]
        gaps = predicted[scene.points.obs_pixel_idx[own]] - truth
        errors.append(np.linalg.norm(gaps, axis=1))
    return float(np.median(np.concatenate(errors)))


def test_training_cuts_the_coordinate_error_by_five(make_scene):
    scene = make_scene()
    buffer = new_buffer(scene)
    decoder = new_decoder(config=PaperDecoderConfig(descriptor_dim=64, width=64, num_blocks=2))
    config = PaperTrainingConfig(
        max_steps=150,
        network_rate=5e-3,
        code_rate=2e-2,
        warm_up_steps=10,
        batch=BatchConfig(views_per_voxel=8, pixels_per_view=128),
    )
    codes, _ = train_jointly([buffer], decoder, config=fast(1), seed=1, layout=LAYOUT)
    before = median_error(scene, decoder, codes[0])
    codes, report = train_jointly([buffer], decoder, config=config, seed=1, layout=LAYOUT)
    after = median_error(scene, decoder, codes[0])
    assert report.stop_reason == "steps"
    assert after < before / 5


def test_fitting_codes_changes_the_codes_and_no_weight_of_the_decoder(make_scene):
    buffer, decoder = new_buffer(make_scene()), new_decoder()
    start, _ = fit_codes(buffer, decoder, config=fast(1), seed=3, layout=LAYOUT)
    before, first = weights_hash(decoder), start.codes.detach().clone()
    flags = [parameter.requires_grad for parameter in decoder.parameters()]
    codes, _ = fit_codes(buffer, decoder, config=fast(10), seed=3, start=start)
    assert weights_hash(decoder) == before
    assert not torch.equal(codes.codes, first)
    assert [parameter.requires_grad for parameter in decoder.parameters()] == flags
    assert all(parameter.grad is None for parameter in decoder.parameters())


def test_fitting_codes_leaves_scales_at_one(make_scene):
    codes, _ = fit_codes(
        new_buffer(make_scene()), new_decoder(), config=fast(5), seed=3, layout=LAYOUT
    )
    assert torch.equal(codes.scales, torch.ones_like(codes.scales))


def test_fitting_codes_of_a_new_scene_lowers_its_error(make_scene):
    decoder = new_decoder()
    train_jointly(
        [new_buffer(make_scene(seed)) for seed in (1, 2)],
        decoder,
        config=fast(40),
        seed=0,
        layout=LAYOUT,
    )
    scene = make_scene(5)
    buffer = new_buffer(scene)
    short, _ = fit_codes(buffer, decoder, config=fast(1), seed=0, layout=LAYOUT)
    before = median_error(scene, decoder, short)
    config = PaperTrainingConfig(max_steps=80, code_rate=0.3, warm_up_steps=5, batch=BATCH)
    codes, _ = fit_codes(buffer, decoder, config=config, seed=0, layout=LAYOUT)
    assert median_error(scene, decoder, codes) < 0.7 * before


def test_equal_seeds_give_bit_equal_runs(make_scene):
    results = []
    for _ in range(2):
        decoder = new_decoder()
        codes, _ = train_jointly(
            [new_buffer(make_scene(), side=2.0)], decoder, config=fast(4), seed=9, layout=LAYOUT
        )
        results.append((weights_hash(decoder), weights_hash(codes[0])))
    assert results[0] == results[1]


def test_training_leaves_the_global_random_state_alone(make_scene):
    before = torch.random.get_rng_state()
    decoder = new_decoder()
    train_jointly([new_buffer(make_scene())], decoder, config=fast(2), seed=0, layout=LAYOUT)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_sparsity_loss_pulls_scales_towards_zero_in_training(make_scene):
    sizes = {}
    for weight in (0.0, 0.05):
        codes, _ = train_jointly(
            [new_buffer(make_scene())],
            new_decoder(),
            config=fast(40, sparsity=weight),
            seed=0,
            layout=LAYOUT,
        )
        sizes[weight] = float(codes[0].scales.detach().abs().mean())
    assert sizes[0.05] < 0.9 * sizes[0.0]


def test_scales_are_frozen_in_the_second_stage(make_scene):
    buffer, decoder = new_buffer(make_scene()), new_decoder()
    codes, _ = train_jointly(
        [buffer], decoder, config=fast(20, sparsity=0.05), seed=0, layout=LAYOUT
    )
    prune_to_count(codes[0], 12)
    scales, values = codes[0].scales.detach().clone(), codes[0].codes.detach().clone()
    again, _ = train_jointly([buffer], decoder, config=fast(10), seed=1, start=codes)
    assert torch.equal(again[0].scales, scales)
    moved = (again[0].codes.detach() != values).any(dim=-1)
    assert moved[again[0].is_kept].any()
    assert not moved[~again[0].is_kept].any()


def test_padding_has_no_part_in_any_loss(make_scene):
    scene = make_scene(num_points=60)
    buffer, decoder = new_buffer(scene), new_decoder()
    codes, _ = fit_codes(buffer, decoder, config=fast(1), seed=0, layout=LAYOUT)
    config = BatchConfig(views_per_voxel=3, pixels_per_view=1000)
    batch = buffer.draw(config, generator=torch.Generator().manual_seed(0))
    assert (~batch.is_valid).sum() > 1000
    losses = {}
    for factor in (1.0, -50.0):
        scaled = torch.where(batch.is_valid[..., None], 1.0, factor) * batch.descriptors
        out = decoder(scaled, codes.select(batch.voxel_idx))
        losses[factor] = batch_losses(out, batch, codes, LossConfig(reprojection=1.0))
    for name, loss in losses[1.0].items():
        assert torch.equal(loss, losses[-50.0][name]), name


def test_every_code_gets_a_gradient_from_the_reprojection_loss_too(make_scene):
    buffer, decoder = new_buffer(make_scene()), new_decoder()
    codes, _ = fit_codes(buffer, decoder, config=fast(1), seed=0, layout=LAYOUT)
    batch = buffer.draw(BATCH, generator=torch.Generator().manual_seed(0))
    out = decoder(batch.descriptors, codes.select(batch.voxel_idx))
    batch_losses(out, batch, codes, LossConfig(reprojection=1.0))["reprojection"].backward()
    assert (codes.codes.grad.abs().sum(dim=-1) > 0).all()
    assert torch.isfinite(codes.codes.grad).all()


def test_reprojection_of_true_points_is_zero(make_scene):
    buffer = new_buffer(make_scene(), side=2.0)
    batch = buffer.draw(BATCH, generator=torch.Generator().manual_seed(0))
    rotation, translation = batch.cam_from_voxel[..., :3], batch.cam_from_voxel[..., 3]
    in_cam = (rotation @ batch.xyz_in_voxel[..., None])[..., 0] + translation
    error_px = (in_cam[..., :2] / in_cam[..., 2:] - batch.xy_cam) * batch.focal_px[..., None]
    assert error_px[batch.is_in_voxel].abs().max() < 0.05


def test_a_diverging_run_is_reported_and_leaves_finite_codes(make_scene):
    decoder = new_decoder()
    with torch.no_grad():
        decoder.head_output.weight.fill_(torch.nan)
    codes, report = fit_codes(
        new_buffer(make_scene()), decoder, config=fast(50), seed=0, layout=LAYOUT
    )
    assert report.stop_reason == "diverged"
    assert torch.isfinite(codes.codes).all()


def test_a_time_limit_ends_the_run(make_scene):
    config = PaperTrainingConfig(max_steps=10**6, max_seconds=0.2, batch=BATCH)
    _, report = fit_codes(
        new_buffer(make_scene()), new_decoder(), config=config, seed=0, layout=LAYOUT
    )
    assert report.stop_reason == "time"
    assert report.seconds < 5


def test_a_run_without_progress_stops_as_converged(make_scene):
    config = PaperTrainingConfig(
        max_steps=300, code_rate=1e-12, plateau_window=5, plateau_gain=0.2, batch=BATCH
    )
    _, report = fit_codes(
        new_buffer(make_scene()), new_decoder(), config=config, seed=0, layout=LAYOUT
    )
    assert report.stop_reason == "converged"
    assert report.num_steps < 60


def test_the_log_has_a_line_of_json_for_each_step(make_scene, tmp_path):
    path = tmp_path / "log.jsonl"
    fit_codes(
        new_buffer(make_scene()),
        new_decoder(),
        config=fast(3),
        seed=0,
        layout=LAYOUT,
        log_path=path,
    )
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [entry["step"] for entry in entries] == [0, 1, 2]
    assert {"coordinate", "confidence", "total"} <= set(entries[0])


def test_bfloat16_keeps_coordinates_and_gradients_single(make_scene):
    config = PaperTrainingConfig(max_steps=3, is_bf16=True, batch=BATCH)
    codes, report = train_jointly(
        [new_buffer(make_scene())], new_decoder(), config=config, seed=0, layout=LAYOUT
    )
    assert codes[0].codes.dtype == torch.float32
    assert np.isfinite(report.final_losses["total"])


def test_descriptors_of_another_extractor_are_refused(make_scene):
    decoder = new_decoder(config=PaperDecoderConfig(descriptor_dim=256, width=32, num_blocks=2))
    with pytest.raises(ValueError, match="64 channels"):
        fit_codes(new_buffer(make_scene()), decoder, config=fast(1), seed=0)
