"""What the options of several verbs share; nothing heavy is imported, so that help is quick."""

from typing import Annotated, Literal

import tyro
from pydantic import BaseModel, ConfigDict

# the hints are emptied where a default would read "None" or "False": the sentence says it
LayoutName = Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")]
EngineName = Literal["auto", "float32", "bfloat16", "openvino"]
AsJson = Annotated[bool, tyro.conf.arg(name="json", help_behavior_hint="")]
Quiet = Annotated[bool, tyro.conf.arg(help_behavior_hint="")]


class VerbOptions(BaseModel):
    """Options of one verb: unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)
