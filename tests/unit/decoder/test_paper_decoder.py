import numpy as np
import pytest
import torch

from neumap.codes.dense_codes import DenseCodes, VoxelFrames
from neumap.codes.pruning import prune_below
from neumap.decoder.paper_decoder import PaperDecoder, PaperDecoderConfig
from neumap.errors import OptionError
from neumap.features import LocalFeatures

SMALL = PaperDecoderConfig(descriptor_dim=16, width=32, num_blocks=2)


def new_decoder(config: PaperDecoderConfig = SMALL) -> PaperDecoder:
    return PaperDecoder(config, generator=torch.Generator().manual_seed(0))


def new_codes(num_voxels: int = 3, num_blocks: int = 2, width: int = 32) -> DenseCodes:
    frames = VoxelFrames(100.0 * np.eye(num_voxels, 3), np.ones(num_voxels))
    return DenseCodes(
        frames,
        num_blocks=num_blocks,
        codes_per_block=7,
        width=width,
        generator=torch.Generator().manual_seed(1),
    )


def pixels(count: int) -> torch.Tensor:
    rows = torch.randn(count, 16, generator=torch.Generator().manual_seed(2))
    return torch.nn.functional.normalize(rows, dim=1)


def features(count: int) -> LocalFeatures:
    return LocalFeatures(np.ones((count, 2)), pixels(count).numpy(), np.ones(count, np.float32))


def test_the_full_decoder_has_about_the_papers_number_of_weights():
    config = PaperDecoderConfig(descriptor_dim=256)
    count = sum(p.numel() for p in new_decoder(config).parameters())
    # 4.74 M of blocks and a linear head in the released code; a projection and an MLP head here
    assert 4.7e6 < count < 4.9e6


def test_voxels_decoded_together_and_alone_agree():
    decoder, codes = new_decoder(), new_codes()
    together = decoder(pixels(5).expand(3, -1, -1), codes.select(torch.arange(3)))
    for voxel in range(3):
        alone = decoder(pixels(5)[None], codes.select(torch.tensor([voxel])))
        torch.testing.assert_close(
            alone.xyz_in_voxel_lengths[0], together.xyz_in_voxel_lengths[voxel]
        )


def test_each_pixel_is_decoded_on_its_own():
    decoder, tokens = new_decoder(), new_codes().select(torch.tensor([0]))
    both = decoder(pixels(6)[None], tokens).xyz_in_voxel_lengths[0]
    one = decoder(pixels(6)[None, 3:4], tokens).xyz_in_voxel_lengths[0, 0]
    torch.testing.assert_close(both[3], one)


def test_pruned_codes_have_no_influence():
    decoder, codes = new_decoder(), new_codes()
    with torch.no_grad():
        codes.scales[:, :, 4:] = 0.01
    prune_below(codes, 0.5)
    before = decoder(pixels(4)[None], codes.select(torch.tensor([1])))
    with torch.no_grad():
        codes.codes[:, :, 4:] = 1e3
    after = decoder(pixels(4)[None], codes.select(torch.tensor([1])))
    assert torch.equal(before.xyz_in_voxel_lengths, after.xyz_in_voxel_lengths)


def test_the_codes_of_every_block_matter():
    decoder, codes = new_decoder(), new_codes()
    before = decoder(pixels(4)[None], codes.select(torch.tensor([0]))).xyz_in_voxel_lengths
    for block in range(2):
        changed = new_codes()
        with torch.no_grad():
            changed.codes[:, block] += 1.0
        after = decoder(pixels(4)[None], changed.select(torch.tensor([0]))).xyz_in_voxel_lengths
        assert not torch.allclose(before, after)


def test_coordinates_are_offsets_from_the_voxel_mean_in_its_unit():
    decoder = new_decoder()
    frames = VoxelFrames(np.array([[1e6, -2e6, 5.0]]), np.array([3.0]))
    codes = DenseCodes(
        frames,
        num_blocks=2,
        codes_per_block=7,
        width=32,
        generator=torch.Generator().manual_seed(1),
    )
    out = decoder.predict(features(5), codes).best_per_pixel()
    raw = decoder(pixels(5)[None], codes.select(torch.tensor([0]))).xyz_in_voxel_lengths[0]
    expected = 3.0 * raw.detach().double().numpy() + frames.origins
    np.testing.assert_allclose(out.xyz_in_world, expected[out.pixel_idx], atol=1e-5)


@pytest.mark.parametrize("tokens_per_chunk", [1, 4, 7, 16, 1000])
def test_the_chunk_size_does_not_change_the_prediction(tokens_per_chunk):
    codes, whole = new_codes(), new_decoder().predict(features(7), new_codes())
    config = PaperDecoderConfig(
        descriptor_dim=16, width=32, num_blocks=2, tokens_per_chunk=tokens_per_chunk
    )
    out = new_decoder(config).predict(features(7), codes)
    key = np.lexsort((out.xyz_in_world[:, 0], out.pixel_idx))
    whole_key = np.lexsort((whole.xyz_in_world[:, 0], whole.pixel_idx))
    assert len(out) == 21
    np.testing.assert_array_equal(out.pixel_idx[key], whole.pixel_idx[whole_key])
    np.testing.assert_allclose(out.xyz_in_world[key], whole.xyz_in_world[whole_key], atol=1e-5)


def test_only_active_voxels_are_decoded():
    out = new_decoder().predict(features(4), new_codes(), voxel_idx=np.array([2]))
    assert len(out) == 4
    assert (out.xyz_in_world[:, 2] > 50).all()


def test_codes_of_another_number_of_blocks_raise():
    with pytest.raises(ValueError, match="3 blocks"):
        new_decoder().predict(features(4), new_codes(num_blocks=3))


def test_impossible_shapes_are_refused():
    for bad in ({"width": 33}, {"num_blocks": 0}, {"tokens_per_chunk": 0}):
        with pytest.raises(OptionError):
            PaperDecoderConfig(**bad)
