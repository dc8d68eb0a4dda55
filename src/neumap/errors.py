"""Typed errors: what is wrong, in which file or field, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with the input: the file or field, the reason, the remedy."""

    subject: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        """Return one line with all three parts, safe to print on a terminal."""
        printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in self.subject)
        return f"{printable}: {self.reason}. {self.remedy}"


class NeumapError(Exception):
    """Base of all errors a user's input can cause; carries every fault that was found."""

    def __init__(self, subject: str, reason: str, remedy: str) -> None:
        self.faults: tuple[Fault, ...] = (Fault(subject, reason, remedy),)
        super().__init__(str(self.faults[0]))

    @classmethod
    def from_faults(cls, faults: Sequence[Fault]) -> "NeumapError":
        """Build one error that lists all faults of a data set (at least one)."""
        if not faults:
            raise ValueError("faults is empty, expected at least one Fault")
        error = cls(faults[0].subject, faults[0].reason, faults[0].remedy)
        error.faults = tuple(faults)
        error.args = ("\n".join(str(fault) for fault in faults),)
        return error


class DataError(NeumapError):
    """A data set on disk cannot be used: missing files, bad values, unknown layout."""


class PhotoError(NeumapError):
    """A photo cannot be read, or does not fit its camera."""


class CameraError(NeumapError):
    """Camera parameters are missing, unknown or impossible."""


class PoseError(NeumapError):
    """A given pose is not a finite rigid transform, or breaks the stated convention."""


class MapFileError(NeumapError):
    """A map file is damaged, of another version, or made for another decoder."""


class MappingError(NeumapError):
    """A map cannot be built from these images (too few, no overlap, no parallax)."""


class OptionError(NeumapError):
    """An option is unknown or out of range."""
