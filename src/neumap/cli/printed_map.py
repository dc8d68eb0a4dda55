"""What the verbs read of a map; `neumap.Map` has it, and so have the fakes of the tests."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from neumap.codes.forecast import Forecast
from neumap.evaluation import Localizer
from neumap.images.posed_image import Units


@runtime_checkable
class PrintedMap(Localizer, Protocol):
    """A map that localises and can be described."""

    @property
    def units(self) -> Units:
        """Unit of the map's frame."""
        ...

    @property
    def stage_seconds(self) -> Mapping[str, float]:
        """Time of each mapping stage; empty on a loaded map."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know of the mapping."""
        ...

    @property
    def forecast(self) -> Forecast | None:
        """Errors that held-out mapping photos lead to expect."""
        ...

    @property
    def header(self) -> Mapping[str, Any]:  # Any: JSON values
        """The map file's header."""
        ...

    @property
    def anchors_in_world(self) -> Float[np.ndarray, "code 3"]:
        """Positions of the codes; none where codes have no position."""
        ...

    def bytes_by_part(self) -> dict[str, int]:
        """Bytes of codes, anchors, tables and header; they add up to the file's size."""
        ...
