import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_figures_is_what_the_committed_results_give(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.tables import PAGE, page

    sys.modules.pop("benchmarks.tables")
    assert PAGE.read_text(encoding="utf-8") == page()
