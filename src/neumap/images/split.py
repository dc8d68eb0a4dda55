"""Which images are mapped and which are queries; the two never overlap."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neumap.errors import DataError, Fault
from neumap.images.posed_image import ImageSet, PosedImage


@dataclass(frozen=True)
class Split:
    """Names of the images to map and of the queries, disjoint."""

    map_names: tuple[str, ...]
    query_names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse names that stand in both lists, or twice in one."""
        both = sorted(set(self.map_names) & set(self.query_names))
        if both:
            raise DataError(
                "split",
                f"{len(both)} images are both mapped and queried, first {both[0]}",
                "Remove them from one of the two lists.",
            )
        for field_name, names in (("map", self.map_names), ("query", self.query_names)):
            if len(set(names)) != len(names):
                raise DataError(
                    f"split, field {field_name}", "names repeat", "List each name once."
                )

    @classmethod
    def every_nth(cls, names: tuple[str, ...], *, step: int = 5, offset: int = 2) -> "Split":
        """Take every step-th name from `offset` on as a query and map the others."""
        queries = tuple(names[offset % step :: step])
        chosen = set(queries)
        return cls(tuple(name for name in names if name not in chosen), queries)

    @classmethod
    def of(cls, image_set: ImageSet) -> "Split":
        """Return the layout's own split where it has one, else every 5th image a query."""
        if image_set.given_split is not None:
            return cls(*image_set.given_split)
        return cls.every_nth(tuple(image.name for image in image_set.images))

    @classmethod
    def read_or_of(cls, path: Path | None, image_set: ImageSet) -> "Split":
        """Read the file where one is given (see `read`), else take the set's own (see `of`)."""
        return cls.of(image_set) if path is None else cls.read(path)

    @classmethod
    def read(cls, path: Path) -> "Split":
        """Read `{"map": [names], "query": [names]}`; DataError names the field that is wrong."""
        remedy = 'Write {"map": [file names], "query": [file names]}.'
        try:
            raw: Any = json.loads(path.read_text(encoding="utf-8"))  # untyped until checked below
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise DataError(str(path), f"cannot be read as JSON ({error})", remedy) from error
        if not isinstance(raw, dict) or set(raw) != {"map", "query"}:
            raise DataError(str(path), "the fields are not exactly map and query", remedy)
        lists: list[tuple[str, ...]] = []
        for key in ("map", "query"):
            names = raw[key]
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise DataError(f"{path}, field {key}", "is not a list of file names", remedy)
            lists.append(tuple(names))
        return cls(lists[0], lists[1])

    def write(self, path: Path) -> None:
        """Write the JSON form that `read` takes."""
        content = {"map": list(self.map_names), "query": list(self.query_names)}
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def apply(self, image_set: ImageSet) -> tuple[tuple[PosedImage, ...], tuple[PosedImage, ...]]:
        """Return the records to map and to query.

        A name may also be given as the bare file name where that is unique. DataError lists
        every name that is not in the set.
        """
        index = dict(image_set.by_name())
        tails: dict[str, list[PosedImage]] = {}
        for image in image_set.images:
            tails.setdefault(Path(image.name).name, []).append(image)
        for tail, holders in tails.items():
            if len(holders) == 1:
                index.setdefault(tail, holders[0])
        missing = [n for n in (*self.map_names, *self.query_names) if n not in index]
        if missing:
            raise DataError.from_faults(
                [
                    Fault(name, "is in the split but not in the data set", "Correct the split.")
                    for name in missing
                ]
            )
        return (
            tuple(index[name] for name in self.map_names),
            tuple(index[name] for name in self.query_names),
        )
