"""What one run of a benchmark is asked to do, checked before anything is computed."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neumap.baselines import METHODS, Method
from neumap.baselines.own_map import NeumapMethod
from neumap.benchmark.catalogue import did_you_mean
from neumap.benchmark.recipe import Recipe
from neumap.errors import Fault, OptionError

OWN_METHOD = "neumap"
"""Name of the method that the others are compared with."""
QUICK_METHODS = (OWN_METHOD, "yardstick", "full-precision")
"""What runs where no method is named: they share one scene, and need nothing to be installed."""
ALL_METHODS = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class BenchmarkPlan:
    """A recipe, the data, and what of it is run."""

    recipe: Recipe
    root: Path
    out: Path
    """Folder of the results; predictions that are whole in it are taken over."""
    budgets: tuple[int, ...]
    """Bytes, for the methods that can choose."""
    every: int = 1
    """Of the queries of each fold, the first of so many is asked; all photos are mapped."""
    folds: tuple[int, ...] = ()
    """Numbers of the folds to run, from 0; none means all."""
    num_seeds: int = 1
    """Maps with so many seeds; their queries are pooled."""
    has_pictures: bool = True
    """Whether the page shows photos; some data may not be passed on."""

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        faults: list[Fault] = []
        if self.every < 1:
            faults.append(Fault("--every", f"{self.every} is below 1", "Give 1 or more."))
        if self.num_seeds < 1:
            faults.append(Fault("--seeds", f"{self.num_seeds} is below 1", "Give 1 or more."))
        if any(fold < 0 for fold in self.folds):
            faults.append(Fault("--folds", f"{min(self.folds)} is below 0", "Count from 0."))
        faults += _repeated("--folds", [str(fold) for fold in self.folds])
        faults += _repeated("--budgets", [f"{budget} bytes" for budget in self.budgets])
        if not self.budgets:
            faults.append(Fault("--budgets", "is empty", "Give at least one size, e.g. 14kB."))
        if faults:
            raise OptionError.from_faults(faults)


def choose_methods(
    names: Sequence[str],
    recipe: Recipe,
    *,
    known: Mapping[str, Callable[[], Method]] = METHODS,
) -> tuple[Method, ...]:
    """Make the named methods, in the order of tables; `all` names every one.

    neumap itself maps with the recipe's settings. Raises OptionError that lists the unknown and
    repeated names and the methods that need a package which is not installed.
    """
    wanted = list(known) if list(names) == [ALL_METHODS] else list(names)
    faults = [
        Fault(f"--methods {name}", "is no method", did_you_mean(name, [*known, ALL_METHODS]))
        for name in wanted
        if name not in known
    ]
    faults += _repeated("--methods", wanted)
    if not wanted:
        faults.append(Fault("--methods", "is empty", f"Use some of {', '.join(known)}."))
    methods: list[Method] = []
    for name in (name for name in known if name in wanted):
        try:
            made = known[name]()
        except ImportError as error:
            remedy = "Install neumap with the extra that docs/baselines.md names."
            reason = f"needs a package that is not installed ({error})"
            faults.append(Fault(f"--methods {name}", reason, remedy))
            continue
        except OptionError as error:
            faults.extend(error.faults)
            continue
        methods.append(NeumapMethod(recipe.mapping) if isinstance(made, NeumapMethod) else made)
    if faults:
        raise OptionError.from_faults(faults)
    return tuple(methods)


def _repeated(option: str, values: Sequence[str]) -> list[Fault]:
    return [
        Fault(option, f"{value} is given {count} times", "Give it once.")
        for value, count in Counter(values).items()
        if count > 1
    ]
