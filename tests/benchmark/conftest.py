import sys
from pathlib import Path

# The benchmarks are run from the repository's root and are not part of the installed package.
sys.path.append(str(Path(__file__).parents[2]))
