from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from neumap.baselines import METHODS
from neumap.benchmark import RECIPES, find_recipe
from neumap.benchmark.plan import OWN_METHOD, QUICK_METHODS
from neumap.cli.options import BenchmarkOptions
from neumap.errors import OptionError
from neumap.evaluation.recall import METRE_THRESHOLDS
from neumap.images import LAYOUTS

REPOSITORY = Path(__file__).parents[3]
OF_THE_PAPER = ("aachen", "7scenes", "cambridge", "naverlabs", "scannet")


@pytest.mark.parametrize("name", list(RECIPES))
def test_every_recipe_resolves_to_a_whole_record(name):
    recipe = find_recipe(name)
    assert recipe.name == name
    assert recipe.title
    assert recipe.layout is None or recipe.layout in LAYOUTS
    assert recipe.thresholds
    assert set(recipe.thresholds) <= set(METRE_THRESHOLDS)  # the evaluator counts them
    assert recipe.budgets == tuple(sorted(set(recipe.budgets)))
    names = [scene.name for scene in recipe.scenes]
    assert len(set(names)) == len(names)
    assert recipe.split_sentence
    assert recipe.scene_names
    with pytest.raises(FrozenInstanceError):
        recipe.layout = "colmap"  # type: ignore[misc]  what is tested


@pytest.mark.parametrize("name", list(RECIPES))
def test_the_page_of_a_recipe_exists_and_names_it(name):
    page = find_recipe(name).page
    assert page is not None
    assert (REPOSITORY / page).is_file()
    text = (REPOSITORY / "docs/benchmark_command.md").read_text(encoding="utf-8")
    assert f"`{name}`" in text


@pytest.mark.parametrize("name", OF_THE_PAPER)
def test_the_paper_s_five_benchmarks_state_its_settings(name):
    paper = find_recipe(name).paper
    assert paper is not None
    assert paper.num_blocks == 6
    assert paper.codes_per_block in (50, 100)
    assert len(paper.epochs) == len(paper.batch_sizes) == len(paper.learning_rates) > 0


def test_settings_that_the_paper_states_are_those_of_its_text():
    aachen = find_recipe("aachen")
    assert aachen.paper is not None
    assert aachen.paper.voxel_sides_m == (8.0, 10.0)
    assert aachen.paper.prune_threshold == 0.15
    assert aachen.mapping.voxel_side == 10.0
    assert not aachen.is_scored


def test_scenes_are_those_of_the_data_sets():
    counts = {"7scenes": 7, "7scenes-sfm": 7, "12scenes": 12, "cambridge": 5, "naverlabs": 3}
    assert {name: len(find_recipe(name).scenes) for name in counts} == counts


def test_an_unknown_name_gets_the_closest_one():
    with pytest.raises(OptionError, match=r"cambrige: is no benchmark\. Did you mean cambridge\?"):
        find_recipe("cambrige")
    with pytest.raises(OptionError, match=r"Use one of 7scenes, .*own-photos"):
        find_recipe("qqq")


def test_the_default_methods_of_the_command_are_the_quick_ones():
    assert BenchmarkOptions().methods == QUICK_METHODS
    assert set(QUICK_METHODS) <= set(METHODS)
    assert OWN_METHOD in QUICK_METHODS
