"""All runs of a scene: each fold is mapped by each method, budget and seed, and queried."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from neumap.baselines import Fold, Method
from neumap.benchmark.kept_run import KeptRun, MapCost, RunName, find_kept, keep
from neumap.benchmark.plan import BenchmarkPlan
from neumap.benchmark.run_key import ContentHashes, fold_fingerprint, run_key
from neumap.benchmark.scene_data import SceneData
from neumap.errors import MappingError, OptionError
from neumap.evaluation import Prediction, predict


def _ignore_progress(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def _ignore_line(line: str) -> None:
    """Report nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """Who is told how far a benchmark is."""

    progress: Callable[[str, int, int], None] = _ignore_progress
    """Takes (stage, done, total): runs of a scene, and queries of the run at work."""
    tell: Callable[[str], None] = _ignore_line
    """Takes a line about each run that was computed."""


def run_scene(
    scene: SceneData, methods: Sequence[Method], plan: BenchmarkPlan, *, watch: Watch
) -> tuple[KeptRun, ...]:
    """Run what is not on disk already, and return all runs, methods and budgets in their order.

    Where a method has no map of the photos, or none within the budget, all queries of the run are
    misses with the reason. Raises OptionError where a method needs a package that is not there,
    DataError and PhotoError where photos cannot be used.
    """
    hashes = ContentHashes()
    runs: list[KeptRun] = []
    for fold_number, split in scene.splits.items():
        # one record for all methods, which find the scene's points once and share them
        fold = Fold(image_set=scene.image_set, split=split)
        fingerprint = fold_fingerprint(scene.image_set, split, hashes)
        names = list(_run_names(scene.name, fold_number, methods, plan))
        num_runs = len(names) * len(scene.splits)
        for name, method in names:
            key = run_key(
                *(fingerprint, plan.recipe),
                method=name.method,
                budget_bytes=name.budget_bytes,
                seed=name.seed,
            )
            kept = find_kept(name, plan.out, key=key)
            if kept is None:
                predictions, cost = _answers(fold, method, name, watch)
                kept = keep(name, plan.out, predictions, cost, key=key)
                watch.tell(_line(name, predictions, cost))
            runs.append(kept)
            watch.progress(f"{scene.name}: runs", len(runs), num_runs)
    return tuple(runs)


def _run_names(
    scene: str, fold: int, methods: Sequence[Method], plan: BenchmarkPlan
) -> Iterator[tuple[RunName, Method]]:
    for method in methods:
        for budget in plan.budgets if method.has_budget else (None,):
            for seed in range(plan.num_seeds):
                name = RunName(
                    scene=scene, method=method.name, budget_bytes=budget, fold=fold, seed=seed
                )
                yield name, method


def _answers(
    fold: Fold, method: Method, name: RunName, watch: Watch
) -> tuple[tuple[Prediction, ...], MapCost]:
    """Build the map and ask the fold's queries."""
    queries = fold.split.query_names
    try:
        built = method.build(fold, budget_bytes=name.budget_bytes, seed=name.seed)
    except ImportError as error:
        reason = f"needs a package that is not installed ({error})"
        remedy = "Install neumap with the extra that docs/baselines.md names."
        raise OptionError(f"--methods {method.name}", reason, remedy) from error
    except (MappingError, OptionError) as error:
        if isinstance(error, OptionError) and not method.has_budget:
            raise  # no budget that could be too small: something is not installed
        cost = MapCost(map_bytes=0, mapping_seconds=0.0, no_map_reason=str(error))
        return tuple(Prediction.failed(query, f"no map: {error}") for query in queries), cost
    predictions = predict(
        built.localizer,
        fold.image_set,
        queries,
        progress=lambda done, total: watch.progress(f"{name.scene}: queries", done, total),
    )
    cost = MapCost(map_bytes=built.num_bytes, mapping_seconds=round(built.mapping_seconds, 3))
    return predictions, cost


def _line(name: RunName, predictions: Sequence[Prediction], cost: MapCost) -> str:
    budget = "" if name.budget_bytes is None else f" {name.budget_bytes / 1000:g} kB"
    run = f"{name.scene}, fold {name.fold}, seed {name.seed}, {name.method}{budget}"
    if cost.no_map_reason is not None:
        return f"{run}: no map: {cost.no_map_reason}"
    num_found = sum(prediction.status == "ok" for prediction in predictions)
    return f"{run}: {num_found} of {len(predictions)} queries have a pose"
