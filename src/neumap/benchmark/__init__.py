"""Benchmarks by name: which data, which split, which settings, and the run of all methods on them.

In: the user's copy of a data set.  Out: predictions, a results file, a page.
"""

from neumap.benchmark.catalogue import RECIPES as RECIPES
from neumap.benchmark.catalogue import find_recipe as find_recipe
from neumap.benchmark.plan import BenchmarkPlan as BenchmarkPlan
from neumap.benchmark.plan import choose_methods as choose_methods
from neumap.benchmark.recipe import PaperSettings as PaperSettings
from neumap.benchmark.recipe import Recipe as Recipe
from neumap.benchmark.results import BenchmarkResults as BenchmarkResults
from neumap.benchmark.run import run_benchmark as run_benchmark
