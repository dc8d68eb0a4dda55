"""Faults of single entries are collected, so that a data set's are all raised at once."""

from dataclasses import dataclass
from types import TracebackType

from neumap.errors import CameraError, DataError, Fault


@dataclass(frozen=True)
class CollectFaults:
    """A block whose DataError or CameraError ends it and adds its faults to the list.

    A CameraError names the camera's model; here it gets the file and place instead.
    """

    faults: list[Fault]
    of: str
    """File and place of the entry."""

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Keep the faults of the two errors; any other error goes on."""
        if isinstance(error, DataError):
            self.faults.extend(error.faults)
            return True
        if isinstance(error, CameraError):
            self.faults.extend(Fault(self.of, f.reason, f.remedy) for f in error.faults)
            return True
        return False
