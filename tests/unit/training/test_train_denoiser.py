import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from neumap.errors import DataError
from neumap.features.denoiser import DenoisingNetwork
from neumap.training.random_streams import stream
from neumap.training.train_denoiser import main, read_groups, train_denoiser


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(2):
        coarse = rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((320, 240)).save(folder / f"{number}.png")
    return folder


def trained(folder, groups, *, steps, resumes=False):
    folder.mkdir(exist_ok=True)
    network = DenoisingNetwork()
    network.initialise(stream(0, "denoiser"))
    limits = {"max_seconds": 1e6, "max_steps": steps}
    count = train_denoiser(network, groups, **limits, seed=1, folder=folder, resumes=resumes)
    assert count == steps
    return network


def test_a_resumed_run_goes_on_from_the_step_that_it_had_reached(tmp_path, photos):
    groups = read_groups([photos], [], least_side=192)
    first = trained(tmp_path / "run", groups, steps=1)
    started = {name: value.clone() for name, value in first.state_dict().items()}
    second = trained(tmp_path / "run", groups, steps=2, resumes=True)
    moved = [not torch.equal(value, started[name]) for name, value in second.state_dict().items()]
    assert all(moved)


def test_the_command_writes_weights_and_a_card(tmp_path, photos):
    out = tmp_path / "out"
    given = ["--photos", str(photos), "--out", str(out), "--max-steps", "1", "--seed", "4"]
    assert main(given) == 0
    card = json.loads((out / "denoiser.json").read_text())
    assert card["steps"] == 1
    assert card["photos"] == [2]
    assert "--seed 4" in card["command"]
    DenoisingNetwork().load_state_dict(load_file(out / "denoiser.safetensors"))


def test_a_folder_without_photos_is_named(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty"):
        read_groups([tmp_path / "empty"], [], least_side=192)
    assert main(["--photos", str(tmp_path / "empty"), "--out", str(tmp_path / "o")]) == 2
    assert "holds no .jpg or .png photo" in capsys.readouterr().err
