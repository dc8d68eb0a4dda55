import numpy as np
import pytest
from benchmarks.methods import MapMaker, read_decoder
from benchmarks.yardstick_space import read_space

from made_scene import made_views, truth_of
from neumap.decoder.weights import load_anchored_decoder, save_anchored_decoder
from neumap.mapping import Source, map_of_scene


@pytest.fixture(scope="module")
def scene():
    return truth_of(made_views(num_stray=0))


def maker_of(path=None):
    decoder, decoder_hash = read_decoder(path)
    return MapMaker(
        decoder=decoder,
        decoder_hash=decoder_hash,
        space=read_space(),
        budgets=(2_000,),
        num_seeds=1,
    )


def test_neumaps_row_is_the_map_that_the_package_makes(scene):
    maker = maker_of()
    own = maker.methods_of(scene, layout="made")[-1]
    source = Source(layout="made", num_images=len(scene.views), seed=0)
    shipped = map_of_scene(scene, source, budget_bytes=2_000)
    assert own.num_bytes == sum(shipped.bytes_by_part().values())
    assert np.array_equal(own.reader.codes.levels, shipped.reader.codes.levels)
    assert np.array_equal(own.reader.codes.anchors_in_world, shipped.anchors_in_world)


def test_rows_have_the_names_that_were_announced(scene):
    maker = maker_of()
    assert [m.label for m in maker.methods_of(scene, layout="made")] == maker.labels()


def test_a_weights_file_replaces_the_shipped_weights(tmp_path):
    shipped, _ = load_anchored_decoder()
    digest = save_anchored_decoder(shipped, tmp_path / "other.safetensors")
    _, decoder_hash = read_decoder(tmp_path / "other.safetensors")
    assert decoder_hash == digest[:16]
