import subprocess
import sys

import pytest

from neumap.cli import map as map_verb
from neumap.cli.main import main
from neumap.cli.options import VERBS
from neumap.errors import DataError, Fault


@pytest.mark.parametrize(
    "arguments", ["--help", "--version", *(f"{verb} --help" for verb in VERBS)]
)
def test_help_imports_no_network_and_no_array_library(arguments):
    program = (
        "import sys\n"
        "from neumap.cli.main import main\n"
        f"code = main({arguments.split()!r})\n"
        "heavy = {'torch', 'numpy', 'scipy', 'PIL', 'matplotlib', 'pycolmap'} & set(sys.modules)\n"
        "sys.exit(f'{code} {heavy}' if code or heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "neumap" in done.stdout


def test_every_verb_stands_in_the_help(capsys):
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert all(f"\n  {verb} " in printed for verb in VERBS)


def test_no_verb_prints_the_help_as_an_error(capsys):
    assert main([]) == 2
    assert "verbs:" in capsys.readouterr().err


def test_an_unknown_verb_exits_2_and_names_the_nearest(capsys):
    assert main(["localise"]) == 2
    assert "Did you mean localize?" in capsys.readouterr().err


@pytest.mark.parametrize("verb", list(VERBS))
def test_an_unknown_option_exits_2(verb, capsys):
    assert main([verb, "--no-such-option", "1"]) == 2
    assert capsys.readouterr().out == ""


def test_each_fault_is_one_line_on_standard_error(world, monkeypatch, capsys):
    def fail(*_arguments, **_options):
        faults = [Fault("a.jpg", "is cut\nshort", "Replace it."), Fault("b.jpg", "is gone", "Add.")]
        raise DataError.from_faults(faults)

    monkeypatch.setattr(map_verb, "map_scene", fail)
    assert main(["map", str(world.folder), "--out", str(world.map_path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.splitlines() == [
        "error: a.jpg: is cut short. Replace it.",
        "error: b.jpg: is gone. Add.",
    ]
    assert captured.out == ""


def test_ctrl_c_exits_130_and_leaves_no_file(world, monkeypatch, capsys):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(map_verb, "map_scene", interrupt)
    before = sorted(world.map_path.parent.iterdir())
    assert main(["map", str(world.folder), "--out", str(world.map_path)]) == 130
    assert sorted(world.map_path.parent.iterdir()) == before
    assert "interrupted" in capsys.readouterr().err
