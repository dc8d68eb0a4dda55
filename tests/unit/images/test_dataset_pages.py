"""The pages of docs/datasets name what the package reads, and nothing else."""

import re
from pathlib import Path

from neumap.images import LAYOUTS

PAGES = Path(__file__).parents[3] / "docs" / "datasets"


def test_the_table_lists_each_layout_in_the_order_of_detection():
    rows = re.findall(r"^\| `([\w-]+)` \|", (PAGES / "README.md").read_text(), re.MULTILINE)
    assert tuple(rows) == LAYOUTS


def test_each_page_is_linked_and_each_link_leads_to_a_file():
    text = (PAGES / "README.md").read_text()
    linked = {target for target in re.findall(r"\]\(([^)]+)\)", text)}
    assert all((PAGES / target).is_file() for target in linked)
    assert {path.name for path in PAGES.glob("*.md")} - {"README.md"} <= linked
