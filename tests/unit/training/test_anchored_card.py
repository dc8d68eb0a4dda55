import hashlib

import numpy as np
import pytest

from neumap.codes.code_space import CodeSpace
from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.training.anchored_card import NUM_CODES, make_card
from neumap.training.scene_cache import TrainingScene


@pytest.fixture
def held_out(make_scene) -> TrainingScene:
    scene = make_scene(0, num_points=80, num_views=5)
    queries = make_scene(0, num_points=80, num_views=6).views[5:]
    depths = tuple(np.full(len(view.features), np.nan) for view in (*scene.views, *queries))
    return TrainingScene("made/0", scene, queries, depths, (100.0,) * 6)


def test_a_card_names_weights_data_and_figures_of_every_mode(held_out):
    rows = np.concatenate([view.features.descriptors for view in held_out.scene.views])
    decoder = AnchoredDecoder(CodeSpace.fit(rows, np.arange(len(rows)))).eval()
    before = decoder.config
    run = {"seed": 3, "data": "made"}
    card = make_card(decoder, b"weights", trained_on=["made/1"], held_out=[held_out], run=run)
    assert card["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert (card["seed"], card["trained_on"], card["held_out"]) == (3, ["made/1"], ["made/0"])
    figures = card["held_out_matches_by_number_of_codes"]
    assert set(figures) == {"plain", "learned", "union"}
    for own in figures.values():
        assert set(own) == {str(count) for count in NUM_CODES}
        assert own["150"]["num_right"] > 20
    assert decoder.config == before
