"""All recipes by name."""

import difflib
from collections.abc import Callable, Collection

from neumap.benchmark import local_recipes, public_recipes
from neumap.benchmark.recipe import Recipe
from neumap.errors import OptionError

RECIPES: dict[str, Callable[[], Recipe]] = {
    "7scenes": public_recipes.seven_scenes,
    "7scenes-sfm": public_recipes.seven_scenes_sfm,
    "12scenes": public_recipes.twelve_scenes,
    "12scenes-sfm": public_recipes.twelve_scenes_sfm,
    "scannet": public_recipes.scannet,
    "cambridge": public_recipes.cambridge,
    "aachen": public_recipes.aachen,
    "aachen-v1.1": public_recipes.aachen_v1_1,
    "naverlabs": public_recipes.naver_labs,
    "rio10": public_recipes.rio10,
    "indoor6": public_recipes.indoor6,
    "wayspots": public_recipes.wayspots,
    "redkitchen": local_recipes.redkitchen,
    "redkitchen-rgb": local_recipes.redkitchen_rgb,
    "fox": local_recipes.fox,
    "herz-jesus": local_recipes.herz_jesus,
    "fountain": local_recipes.fountain,
    "shelf50": local_recipes.shelf50,
    "lund_door": local_recipes.lund_door,
    "small-sets": local_recipes.small_sets,
    "real-sets": local_recipes.real_sets,
    "own-photos": local_recipes.own_photos,
}


def find_recipe(name: str) -> Recipe:
    """Return a recipe; OptionError on an unknown name says which one may be meant."""
    if name in RECIPES:
        return RECIPES[name]()
    raise OptionError(name, "is no benchmark", did_you_mean(name, RECIPES))


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return the remedy for an unknown name: the closest one, or the list of all."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Use one of {', '.join(known)}."
