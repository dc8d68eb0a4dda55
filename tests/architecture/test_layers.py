"""The import contracts of pyproject.toml hold, and would fail if they did not."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _lint(*arguments, folder=ROOT):
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()",
        "--no-cache",
        *arguments,
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_every_package_imports_only_from_below():
    result = _lint()
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout


def test_an_upward_import_breaks_the_contract(tmp_path):
    for name, text in {"low": "import toy.high\n", "high": "", "__init__": ""}.items():
        (tmp_path / "toy").mkdir(exist_ok=True)
        (tmp_path / "toy" / f"{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_package = "toy"\n[[tool.importlinter.contracts]]\n'
        'name = "layers"\ntype = "layers"\nlayers = ["toy.high", "toy.low"]\n',
        encoding="utf-8",
    )
    result = _lint(folder=tmp_path)
    assert result.returncode == 1
    assert "toy.low -> toy.high" in result.stdout
