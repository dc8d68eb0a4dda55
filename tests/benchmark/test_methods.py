import numpy as np
import pytest
from benchmarks.methods import MapMaker, read_decoder

from made_scene import made_views, truth_of
from neumap.baselines.yardstick_space import read_space
from neumap.decoder.weights import load_anchored_decoder, save_anchored_decoder
from neumap.mapping import Source, map_of_scene

BUDGET = 1_500


def maker_of(path=None):
    decoder, decoder_hash = read_decoder(path)
    return MapMaker(
        decoder=decoder,
        decoder_hash=decoder_hash,
        is_shipped=path is None,
        space=read_space(),
        budgets=(BUDGET,),
        num_seeds=1,
    )


@pytest.fixture(scope="module")
def scene():
    return truth_of(made_views(num_points=100, angles_deg=(-10, 0, 10), num_stray=0))


@pytest.fixture(scope="module")
def methods(scene):
    return maker_of().methods_of({"xfeat": scene, "blobs": scene}, layout="made")


def test_the_shipped_weights_give_the_map_that_the_package_makes(scene, methods):
    source = Source(layout="made", num_images=len(scene.views), seed=0)
    shipped = map_of_scene(scene, source, budget_bytes=BUDGET)
    assert methods[-1].num_bytes == sum(shipped.bytes_by_part().values())
    assert np.array_equal(methods[-1].reader.codes.levels, shipped.reader.codes.levels)
    assert np.array_equal(methods[-1].reader.codes.anchors_in_world, shipped.anchors_in_world)


def test_rows_have_the_names_that_were_announced(methods):
    assert [method.label for method in methods] == maker_of().labels()


def test_the_same_weights_from_a_file_give_the_same_codes(scene, methods, tmp_path):
    path = tmp_path / "same.safetensors"
    digest = save_anchored_decoder(load_anchored_decoder()[0], path)
    maker = maker_of(path)
    own = maker.methods_of({"xfeat": scene, "blobs": scene}, layout="made")[-1]
    assert maker.decoder_hash == digest[:16]
    assert own.num_bytes == methods[-1].num_bytes
    assert np.array_equal(own.reader.codes.levels, methods[-1].reader.codes.levels)
