from dataclasses import replace

import pytest

from neumap.baselines.own_map import NeumapMethod
from neumap.benchmark.plan import choose_methods
from neumap.errors import OptionError


@pytest.fixture
def known(fake_method):
    def needs_extra():
        raise ModuleNotFoundError("No module named 'extra'")

    return {
        "first": lambda: fake_method("first"),
        "second": lambda: fake_method("second", has_budget=False),
        "third": needs_extra,
    }


def test_methods_come_in_the_order_of_tables(recipe, known):
    assert [m.name for m in choose_methods(("second", "first"), recipe, known=known)] == [
        "first",
        "second",
    ]


def test_all_means_every_method(recipe, known):
    del known["third"]
    assert [m.name for m in choose_methods(("all",), recipe, known=known)] == ["first", "second"]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("frist",), r"--methods frist: is no method\. Did you mean first\?"),
        (("zzz",), r"Use one of first, second, third, all"),
        (("first", "first"), "first is given 2 times"),
        ((), "is empty"),
        (("third",), r"third: needs a package that is not installed .*docs/baselines\.md"),
    ],
)
def test_wrong_methods_are_refused(names, sentence, recipe, known):
    with pytest.raises(OptionError, match=sentence):
        choose_methods(names, recipe, known=known)


def test_neumap_maps_with_the_settings_of_the_recipe(recipe):
    mapping = recipe.mapping.model_copy(update={"voxel_side": 3.0})
    (method,) = choose_methods(("neumap",), replace(recipe, mapping=mapping))
    assert isinstance(method, NeumapMethod)
    assert method._config == mapping


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"every": 0}, "--every: 0 is below 1"),
        ({"num_seeds": 0}, "--seeds: 0 is below 1"),
        ({"folds": (0, -1)}, "--folds: -1 is below 0"),
        ({"folds": (1, 1)}, "--folds: 1 is given 2 times"),
        ({"budgets": ()}, "--budgets: is empty"),
        ({"budgets": (2000, 2000)}, "2000 bytes is given 2 times"),
    ],
)
def test_numbers_out_of_range_are_refused(change, sentence, plan):
    with pytest.raises(OptionError, match=sentence):
        replace(plan, **change)
