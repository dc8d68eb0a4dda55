"""What the exit status of `neumap` says to a script."""

OK = 0
"""Everything asked for was done."""

FAILED = 1
"""The command ran, but a result failed: a photo was not localised, no query was."""

BAD_INPUT = 2
"""An option, a file or a data set is wrong; each fault is one line on standard error."""

INTERRUPTED = 130
"""Ctrl-C; no half-written file is left."""
