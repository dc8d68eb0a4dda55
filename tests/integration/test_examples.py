"""The numbered examples run, one after another, on what the ones before them made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import neumap

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("examples")


def run(name, *arguments, folder):
    command = [sys.executable, str(EXAMPLES / name), *(str(argument) for argument in arguments)]
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_examples_run_in_their_order(folder):
    assert "24 photos to map" in run("01_make_scene.py", "scene", folder=folder)
    assert "codes: " in run("02_map.py", "scene", "scene.neumap", folder=folder)
    assert (folder / "scene.neumap").stat().st_size <= 28_000
    photos = sorted((folder / "scene" / "images").glob("query-*.jpg"))
    lines = run("03_localize.py", "scene.neumap", *photos, folder=folder).splitlines()
    assert len(lines) == len(photos) == 6
    assert sum("camera at" in line for line in lines) >= 3
    assert "6 queries" in run("04_evaluate.py", "scene.neumap", "scene", "out", folder=folder)
    assert (folder / "out" / "report.html").stat().st_size > 50_000
    assert "lengths in metre" in run("05_inspect_map.py", "scene.neumap", folder=folder)
    assert [path.name for path in sorted(EXAMPLES.glob("*.py"))] == [
        "01_make_scene.py",
        "02_map.py",
        "03_localize.py",
        "04_evaluate.py",
        "05_inspect_map.py",
    ]


def readme_python():
    text = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    return text.split("```python\n")[1].split("```")[0]


def test_the_readme_python_runs(room_capture, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("CAPTURE").symlink_to(room_capture)
    query = next(iter((room_capture / "images").glob("query-*.jpg")))
    Path("photo.jpg").write_bytes(query.read_bytes())
    exec(compile(readme_python(), "README.md", "exec"), {})
    assert Path("room.neumap").stat().st_size <= 28_000
    assert capsys.readouterr().out.startswith("[[")
    assert neumap.Map.load("room.neumap").units == "metre"


def test_the_readme_commands_run(room_capture, tmp_path, monkeypatch):
    from neumap.cli.main import main

    text = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    section = text.split("## Command line")[1]
    commands = section.split("```sh\n")[1].split("```")[0].splitlines()
    assert [command.split()[1] for command in commands] == ["map", "localize", "evaluate"]
    monkeypatch.chdir(tmp_path)
    Path("CAPTURE").symlink_to(room_capture)
    query = sorted((room_capture / "images").glob("query-*.jpg"))[0]
    Path("photo.jpg").write_bytes(query.read_bytes())
    for command in commands:
        # the photo here has another size than the one in the text
        arguments = command.replace("640,480,525,525,320,240", "320,240,289,289,162,119").split()[
            1:
        ]
        assert main(arguments) == 0, command
    assert Path("figures.json").exists()
    assert Path("report.html").exists()
