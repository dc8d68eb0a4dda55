"""`neumap <verb>`: imports a verb only when it is asked for."""

import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from importlib import metadata

import tyro

from neumap.cli import exit_codes
from neumap.cli.console import report_faults
from neumap.cli.options import VERBS
from neumap.errors import NeumapError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; argv defaults to the process's own."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(arguments)
    except NeumapError as error:
        report_faults(error)
        return exit_codes.BAD_INPUT
    except SystemExit as stop:  # how the parser ends after help (0) or an unknown option (2)
        return stop.code if isinstance(stop.code, int) else exit_codes.BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted: unfinished files were not written", file=sys.stderr)
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        # the reader of our output (such as `head`) has seen enough; Python would complain at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.OK


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        print(_help_text(), file=sys.stderr)
        return exit_codes.BAD_INPUT
    first, rest = arguments[0], arguments[1:]
    if first in ("-h", "--help"):
        print(_help_text())
        return exit_codes.OK
    if first == "--version":
        print(f"neumap {metadata.version('neumap')}")
        return exit_codes.OK
    return _run_verb(first, rest)


def _run_verb(verb: str, rest: list[str]) -> int:
    if verb not in VERBS:
        close = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"Did you mean {close[0]}?" if close else f"Use one of {', '.join(VERBS)}."
        print(f"error: {verb}: is not a verb of neumap. {hint}", file=sys.stderr)
        return exit_codes.BAD_INPUT
    options = tyro.cli(
        VERBS[verb][0],
        prog=f"neumap {verb}",
        args=rest,
        config=(tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes),
    )
    return importlib.import_module(f"neumap.cli.{verb}").run(options)


def _help_text() -> str:
    width = max(len(verb) for verb in VERBS) + 2
    verbs = "\n".join(f"  {verb:<{width}}{line}" for verb, (_, line) in VERBS.items())
    return f"""usage: neumap VERB ...

Maps of a few kilobytes from posed photos, and the camera pose of a new photo.

verbs:
{verbs}

`neumap VERB --help` lists the options of a verb; `neumap --version` prints the version.

exit codes: {exit_codes.OK} done, {exit_codes.FAILED} ran but a result failed, \
{exit_codes.BAD_INPUT} bad input, {exit_codes.INTERRUPTED} interrupted"""
