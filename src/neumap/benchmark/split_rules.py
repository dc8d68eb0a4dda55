"""How a benchmark chooses the photos to map and the queries of a scene."""

import re
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from neumap.errors import DataError
from neumap.images import ImageSet, Split


@runtime_checkable
class SplitRule(Protocol):
    """A rule that gives a scene one split, or several folds whose queries are pooled."""

    @property
    def sentence(self) -> str:
        """What the rule does, for lists and results."""
        ...

    def splits(self, image_set: ImageSet) -> tuple[Split, ...]:
        """Return the folds of a scene; DataError where the rule cannot be followed."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficialSplit:
    """The split that the data set's own files state."""

    files: str
    """What states it, in words."""
    query_pattern: str = ""
    """Regular expression that the start of a query's name must match; others are left out."""

    @property
    def sentence(self) -> str:
        """Say where the split comes from."""
        return f"official: {self.files}"

    def splits(self, image_set: ImageSet) -> tuple[Split, ...]:
        """Return the one split; DataError where the files are missing or list no such query."""
        if image_set.given_split is None:
            raise DataError(
                str(image_set.root), "states no split", f"The benchmark needs {self.files}."
            )
        mapped, queries = image_set.given_split
        kept = tuple(name for name in queries if re.match(self.query_pattern, name))
        if not mapped or not kept:
            what = "photo to map" if not mapped else "query"
            raise DataError(
                str(image_set.root), f"its split has no {what}", f"Unpack all of {self.files}."
            )
        return (Split(mapped, kept),)


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstMapped:
    """The first photos by name are mapped, all others are queries."""

    num_mapped: int

    @property
    def sentence(self) -> str:
        """Say how many are mapped."""
        return f"the first {self.num_mapped} frames mapped, the others queried"

    def splits(self, image_set: ImageSet) -> tuple[Split, ...]:
        """Return the one split; DataError where no query would be left."""
        names = tuple(image.name for image in image_set.images)
        if len(names) <= self.num_mapped:
            reason = f"has {len(names)} photos, expected more than {self.num_mapped}"
            raise DataError(str(image_set.root), reason, "Restore the whole set.")
        return (Split(names[: self.num_mapped], names[self.num_mapped :]),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Folds:
    """Each photo is a query once: fold k asks photos k, k + count, and maps the others."""

    count: int = 5

    @property
    def sentence(self) -> str:
        """Say how many folds there are."""
        return f"{self.count} folds, queries pooled"

    def splits(self, image_set: ImageSet) -> tuple[Split, ...]:
        """Return the folds; DataError where there are fewer photos than folds."""
        names = tuple(image.name for image in image_set.images)
        if len(names) < self.count:
            reason = f"has {len(names)} photos, too few for {self.count} folds"
            raise DataError(str(image_set.root), reason, "Add photos.")
        return tuple(Split.every_nth(names, step=self.count, offset=k) for k in range(self.count))


@dataclass(frozen=True, kw_only=True, slots=True)
class EveryNth:
    """One split: every n-th photo is a query."""

    step: int = 5

    @property
    def sentence(self) -> str:
        """Say how far apart the queries are."""
        return f"every {self.step}th frame a query"

    def splits(self, image_set: ImageSet) -> tuple[Split, ...]:
        """Return the one split; DataError where there are too few photos."""
        names = tuple(image.name for image in image_set.images)
        if len(names) < self.step:
            reason = f"has {len(names)} photos, expected at least {self.step}"
            raise DataError(str(image_set.root), reason, "Export more frames.")
        return (Split.every_nth(names, step=self.step),)


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnSplitOrFolds:
    """The layout's split where it has one, else folds."""

    count: int = 5

    @property
    def sentence(self) -> str:
        """Say both."""
        return f"the layout's own, else {self.count} folds"

    def splits(self, image_set: ImageSet) -> tuple[Split, ...]:
        """Return the given split or the folds; DataError where there are too few photos."""
        if image_set.given_split is not None:
            return OfficialSplit(files="the layout's lists").splits(image_set)
        return Folds(count=self.count).splits(image_set)
