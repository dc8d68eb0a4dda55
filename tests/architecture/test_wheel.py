"""The wheel builds, holds every file of the package, and works from outside the repository."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def _run(*command, folder):
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("build")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", folder=folder)
    (path,) = (folder / "dist").glob("neumap-*.whl")
    return path


def test_wheel_holds_every_file_of_the_package(wheel):
    expected = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "neumap").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = set(zipfile.ZipFile(wheel).namelist())
    assert "neumap/py.typed" in held
    assert expected - held == set()
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_wheel_holds_nothing_but_the_package(wheel):
    roots = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert [root for root in roots if not root.startswith("neumap")] == []


def test_installed_wheel_imports_away_from_the_repository(wheel, tmp_path):
    target = tmp_path / "site"
    _run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
        *("--disable-pip-version-check", "--target", str(target), str(wheel)),
        folder=tmp_path,
    )
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "import neumap.pose; print(neumap.pose.__file__)"
    )
    output = _run(sys.executable, "-c", code, str(target), folder=tmp_path)
    assert Path(output.strip()).is_relative_to(target)
