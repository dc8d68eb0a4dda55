"""All runs of a scene: each fold is mapped by each method, budget and seed, and queried."""

from collections.abc import Callable, Sequence

from neumap.baselines import Fold, Method
from neumap.benchmark.kept_run import KeptRun, MapCost, RunName, find_kept, keep
from neumap.benchmark.plan import BenchmarkPlan
from neumap.benchmark.run_key import ContentHashes, fold_fingerprint, run_key
from neumap.benchmark.scene_data import SceneData
from neumap.errors import MappingError, OptionError
from neumap.evaluation import Prediction, predict

Progress = Callable[[str, int, int], None]
"""Takes (what, done, total)."""


def run_scene(
    scene: SceneData,
    methods: Sequence[Method],
    plan: BenchmarkPlan,
    *,
    progress: Progress,
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
        for method in methods:
            for budget in plan.budgets if method.has_budget else (None,):
                for seed in range(plan.num_seeds):
                    name = RunName(
                        scene=scene.name,
                        method=method.name,
                        budget_bytes=budget,
                        fold=fold_number,
                        seed=seed,
                    )
                    key = run_key(
                        *(fingerprint, plan.recipe),
                        method=method.name,
                        budget_bytes=budget,
                        seed=seed,
                    )
                    kept = find_kept(name, plan.out, key=key)
                    if kept is None:
                        predictions, cost = _answers(fold, method, name, progress)
                        kept = keep(name, plan.out, predictions, cost, key=key)
                    runs.append(kept)
    return tuple(runs)


def _answers(
    fold: Fold, method: Method, name: RunName, progress: Progress
) -> tuple[tuple[Prediction, ...], MapCost]:
    """Build the map and ask the fold's queries."""
    queries = fold.split.query_names
    label = _label(name)
    progress(label, 0, len(queries))
    try:
        built = method.build(fold, budget_bytes=name.budget_bytes, seed=name.seed)
    except ImportError as error:
        reason = f"needs a package that is not installed ({error})"
        remedy = "Install neumap with the extra that docs/baselines.md names."
        raise OptionError(f"--methods {method.name}", reason, remedy) from error
    except (MappingError, OptionError) as error:
        if isinstance(error, OptionError) and not method.has_budget:
            raise  # no budget that could be too small: something is not installed
        progress(label, len(queries), len(queries))
        reason = f"no map: {error}"
        cost = MapCost(map_bytes=0, mapping_seconds=0.0, no_map_reason=str(error))
        return tuple(Prediction.failed(query, reason) for query in queries), cost
    predictions = predict(
        built.localizer,
        fold.image_set,
        queries,
        progress=lambda done, total: progress(label, done, total),
    )
    cost = MapCost(map_bytes=built.num_bytes, mapping_seconds=round(built.mapping_seconds, 3))
    return predictions, cost


def _label(name: RunName) -> str:
    budget = "" if name.budget_bytes is None else f" {name.budget_bytes / 1000:g} kB"
    return f"{name.scene}, fold {name.fold}, seed {name.seed}: {name.method}{budget}"
