"""The command line: parse, call the library, print.

In: argv.  Out: an exit code (see `exit_codes`).
"""
