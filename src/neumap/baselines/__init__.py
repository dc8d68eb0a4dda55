"""The methods that neumap is compared with, and neumap as one of them.

In: Fold (photos to map, queries).  Out: BuiltMap (a localiser, its bytes, its mapping time).
Published recipes are followed as their docstrings say; all of them share key-points, solver and
judgement of poses where they can, so that maps are compared and not solvers.
"""

from neumap.baselines.method import BuiltMap as BuiltMap
from neumap.baselines.method import Fold as Fold
from neumap.baselines.method import Method as Method
from neumap.baselines.registry import METHODS as METHODS
