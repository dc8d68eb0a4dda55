"""Every module can be imported, and importing the package does nothing else."""

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"


def _modules():
    paths = sorted((SOURCE / "neumap").rglob("*.py"))
    dotted = [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in dotted if not name.endswith("__main__")]


def _python(code, *arguments, folder):
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_module_imports_in_either_order(tmp_path):
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    names = _modules()
    assert len(names) > 20
    for order in (names, names[::-1]):
        result = _python(code, *order, folder=tmp_path)
        assert result.returncode == 0, result.stderr


def test_every_folder_with_modules_is_a_package():
    folders = {path.parent for path in (SOURCE / "neumap").rglob("*.py")}
    assert [folder.name for folder in folders if not (folder / "__init__.py").exists()] == []


def test_importing_neumap_is_light_and_has_no_side_effects(tmp_path):
    code = """
import logging, random, sys, warnings
before = (list(warnings.filters), random.getstate(), logging.root.level, len(logging.root.handlers))
import neumap
after = (list(warnings.filters), random.getstate(), logging.root.level, len(logging.root.handlers))
assert before == after
heavy = {"torch", "scipy", "pycolmap", "poselib", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""
    result = _python(code, folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout == result.stderr == ""
    assert list(tmp_path.iterdir()) == []
