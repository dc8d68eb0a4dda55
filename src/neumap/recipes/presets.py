"""Presets: TOML checked by the schema that the mapping itself uses."""

import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from neumap.errors import Fault, OptionError
from neumap.mapping import MappingConfig


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets in the package."""
    folder = resources.files("neumap.recipes")
    return tuple(sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".toml")))


def read_preset(name_or_path: str) -> MappingConfig:
    """Return the settings of a preset of the package, or of a file that ends in .toml.

    Raises OptionError that names every unknown key and every value out of range.
    """
    if name_or_path.endswith(".toml"):
        return _checked(_read_file(Path(name_or_path)), name_or_path)
    if name_or_path not in preset_names():
        raise OptionError(
            f"--preset {name_or_path}",
            "is not a preset",
            f"Use {', '.join(preset_names())} or a file that ends in .toml.",
        )
    source = resources.files("neumap.recipes").joinpath(f"{name_or_path}.toml")
    return _checked(tomllib.loads(source.read_text(encoding="utf-8")), name_or_path)


def _read_file(path: Path) -> dict[str, Any]:  # Any: TOML values, checked by the model
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OptionError(
            f"--preset {path}", f"cannot be read as TOML ({error})", "Correct the file."
        ) from error


def _checked(raw: dict[str, Any], source: str) -> MappingConfig:  # Any: as above
    try:
        return MappingConfig.model_validate(raw)
    except ValidationError as error:
        faults = [_fault(detail, source) for detail in error.errors()]
        raise OptionError.from_faults(faults) from error


def _fault(detail: ErrorDetails, source: str) -> Fault:
    key = ".".join(str(part) for part in detail["loc"])
    subject = f"preset {source}, key {key}"
    if detail["type"] != "extra_forbidden":
        return Fault(subject, detail["msg"].rstrip("."), "Correct the value.")
    known = ", ".join(MappingConfig.model_fields)
    return Fault(subject, "is unknown", f"Remove it; known at the top level are {known}.")
