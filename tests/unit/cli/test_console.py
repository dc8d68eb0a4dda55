import io
import sys

import pytest

from neumap.cli.console import print_table, progress_bars, require_writable, warn
from neumap.errors import OptionError


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bars_go_to_a_terminal_on_standard_error_only(monkeypatch, capsys):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress_bars(quiet=False) as progress:
        progress("features", 1, 2)
        progress("features", 2, 2)
        progress("codes", 1, 1)
    assert "features" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()
    assert "codes" in terminal.getvalue()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("is_terminal", [True, False])
def test_quiet_or_no_terminal_shows_nothing(is_terminal, monkeypatch):
    stream = _Terminal() if is_terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bars(quiet=is_terminal) as progress:
        progress("features", 1, 2)
    assert stream.getvalue() == ""


def test_outputs_that_cannot_be_written_are_all_named(tmp_path):
    outputs = {"--json": tmp_path / "no" / "a", "--report": tmp_path, "--out": tmp_path / "b"}
    with pytest.raises(OptionError) as caught:
        require_writable({**outputs, "--predictions": None})
    assert [fault.subject.split()[0] for fault in caught.value.faults] == ["--json", "--report"]


def test_a_table_prints_brackets_of_file_names_as_they_are(capsys):
    print_table("map", [("photo [1].jpg", "[red]x[/red]")])
    printed = capsys.readouterr().out
    assert "photo [1].jpg" in printed
    assert "[red]x[/red]" in printed


def test_each_warning_is_one_line(capsys):
    warn(("One.", "Two."))
    assert capsys.readouterr().err == "warning: One.\nwarning: Two.\n"
