"""The command line is a promise: a change here must be meant, and stand in the change log."""

import re

import pytest

from neumap.cli import exit_codes
from neumap.cli.main import main
from neumap.cli.options import VERBS

FROZEN = {
    "demo": ["--help", "--out", "--quiet"],
    "extract": [
        *("RECORDING", "--help", "--out", "--every", "--image-topic", "--camera-info-topic"),
        *("--pose-topic", "--depth-topic", "--posed-frame", "--quiet"),
    ],
    "map": [
        *("DATA", "--help", "--out", "--split", "--budget", "--device", "--poses", "--layout"),
        *("--preset", "--seed", "--json", "--quiet"),
    ],
    "compress": ["MAP", "--help", "--budget", "--out", "--json"],
    "localize": [
        *("MAP", "PHOTO...", "--help", "--camera", "--quality", "--engine", "--json", "--quiet"),
    ],
    "evaluate": [
        *("MAP", "DATA", "--help", "--json", "--split", "--report", "--engine"),
        *("--predictions", "--layout", "--quiet"),
    ],
    "predict": ["MAP", "DATA", "--help", "--out", "--split", "--engine", "--layout", "--quiet"],
    "benchmark": [
        *("NAME", "--help", "--data", "--out", "--methods", "--budgets", "--every", "--folds"),
        *("--seeds", "--no-pictures", "--list", "--json", "--quiet"),
    ],
    "report": ["FILE.json...", "--help", "--out", "--json"],
    "compare": [
        *("RUN_A.json", "RUN_B.json", "--help", "--also-a", "--also-b", "--resamples", "--seed"),
        "--json",
    ],
    "export": ["PREDICTIONS.jsonl", "--help", "--out", "--format", "--name-parts"],
    "pairs": [
        *("DATA", "--help", "--out", "--num", "--descriptor", "--split", "--layout", "--quiet"),
    ],
    "info": ["MAP", "--help", "--json"],
}


def test_the_verbs_are_frozen():
    assert list(VERBS) == list(FROZEN)


@pytest.mark.parametrize("verb", list(FROZEN))
def test_the_options_of_each_verb_are_frozen(verb, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main([verb, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = []
    for line in lines:
        if match := re.match(r"(?:│ |  )(?:-h, )?(--[a-z-]+|[A-Z]{2,}\S*)", line):
            found.append(match[1])
    assert found == FROZEN[verb]


def test_the_exit_codes_are_frozen():
    codes = (exit_codes.OK, exit_codes.FAILED, exit_codes.BAD_INPUT, exit_codes.INTERRUPTED)
    assert codes == (0, 1, 2, 130)
