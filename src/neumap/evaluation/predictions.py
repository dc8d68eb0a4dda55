"""Run every query and keep the answers in a file, so that scoring never runs a network."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from neumap.errors import DataError, Fault, NeumapError
from neumap.evaluation.prediction import Prediction
from neumap.evaluation.text_file import write_text_atomically
from neumap.geometry import Camera
from neumap.images import ImageSet
from neumap.pose import PoseEstimate, PoseFailure

_REMEDY = "Write the file anew with `neumap evaluate`."


@runtime_checkable
class Localizer(Protocol):
    """Anything that finds the camera of a photo: a loaded map, a baseline, a fake in a test."""

    def localize(
        self, photo: Path | UInt8[np.ndarray, "height width 3"], *, camera: Camera | None = None
    ) -> PoseEstimate | PoseFailure:
        """Return the photo's pose or the reason why there is none."""
        ...


def predict(
    localizer: Localizer,
    image_set: ImageSet,
    names: Sequence[str],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Prediction, ...]:
    """Localise the named images with their cameras, in the given order.

    A photo that cannot be read is a failed query with its reason. Raises DataError where names
    are not in the set (all of them listed). `progress` gets (done, total).
    """
    index = image_set.by_name()
    missing = [name for name in names if name not in index]
    if missing:
        raise DataError.from_faults(
            [Fault(name, "is not in the data set", "Correct the split.") for name in missing]
        )
    predictions: list[Prediction] = []
    for name in names:
        image = index[name]
        try:
            result = localizer.localize(image.path, camera=image.camera)
            predictions.append(Prediction.from_result(name, result))
        except NeumapError as error:
            predictions.append(Prediction.failed(name, str(error)))
        if progress is not None:
            progress(len(predictions), len(names))
    return tuple(predictions)


def write_predictions(path: Path, predictions: Sequence[Prediction]) -> None:
    """Write one JSON object a line; the file is complete or not there.

    Raises DataError where it cannot be written.
    """
    write_text_atomically(path, "".join(f"{p.to_json()}\n" for p in predictions))


def read_predictions(path: Path) -> tuple[Prediction, ...]:
    """Read a predictions file.

    Raises DataError that lists every faulty line by its number.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"cannot be read ({error})", _REMEDY) from error
    predictions: list[Prediction] = []
    faults: list[Fault] = []
    for number, line in enumerate(lines, start=1):
        try:
            predictions.append(Prediction.from_json(line))
        except ValueError as error:
            faults.append(Fault(f"{path}, line {number}", str(error), _REMEDY))
    if faults:
        raise DataError.from_faults(faults)
    return tuple(predictions)
