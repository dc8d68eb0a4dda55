import json

import pytest

from neumap.cli.main import main
from neumap.evaluation import QueryScore, summarise
from neumap.evaluation.figures_file import write_figures


@pytest.fixture
def write_run(tmp_path):
    """Write the figures of queries with these position errors."""

    def write(name, errors):
        scores = [
            QueryScore(f"{idx}.png", "ok", "", error, 1.0, 30, 60, 0.5, 20.0)
            for idx, error in enumerate(errors)
        ]
        path = tmp_path / name
        summary = summarise(scores, scene="s", units="metre", median_depth=None, map_bytes=28_000)
        write_figures(path, summary)
        return str(path)

    return write


def test_the_table_names_every_figure_and_the_bootstrap(write_run, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    a, b = write_run("a.json", [0.1] * 30), write_run("b.json", [0.3] * 30)
    assert main(["compare", a, b]) == 0
    out = capsys.readouterr().out
    assert "30 queries" in out
    assert "median_position_error" in out
    assert "+0.2 [+0.2, +0.2] *" in out
    assert "3 [3, 3]" in out
    assert "2000 resamples, seed 0" in out
    assert "smaller position error: A 30, B 0" in out


def test_json_of_several_seeds_counts_the_runs_and_names_the_files(write_run, capsys):
    a, b, c = (write_run(f"{n}.json", [0.1, 0.2 + 0.01 * n, 0.4]) for n in range(3))
    assert main(["compare", a, b, "--also-b", c, "--json", "--seed", "7"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["num_runs"] == {"a": 1, "b": 2}
    assert content["files"] == {"a": [a], "b": [b, c]}
    assert content["map_bytes"] == {"a": [28_000], "b": [28_000, 28_000]}
    assert content["seed"] == 7
    assert content["figures"]["median_position_error"]["ratio"]["high"] >= 1


def test_other_queries_exit_2_with_a_line_for_each(write_run, capsys):
    a, b = write_run("a.json", [0.1] * 3), write_run("b.json", [0.3])
    assert main(["compare", a, b]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "s: 1.png: is a query of side A only" in lines[0]


def test_too_few_resamples_are_refused(write_run, capsys):
    a = write_run("a.json", [0.1])
    assert main(["compare", a, a, "--resamples", "5"]) == 2
    assert "--resamples" in capsys.readouterr().err


def test_one_file_is_not_two_runs(write_run, capsys):
    a, b = write_run("a.json", [0.1]), write_run("b.json", [0.3])
    assert main(["compare", a, b, "--also-b", b]) == 2
    assert "b.json: is given twice on one side" in capsys.readouterr().err
