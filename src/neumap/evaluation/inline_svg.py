"""Matplotlib figures as SVG text for a page that may be light or dark."""

import html
import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the page's text colour: replaced by `currentColor` in the SVG."""

ACCENT = "#2f81d6"
WARM = "#e0702b"
"""Legible on white and on near-black."""

SCENE_COLORS = (
    *(ACCENT, WARM, "#2da44e", "#a371f7", "#d1242f", "#0f9d9d", "#b8860b", "#d63a8a"),
    *("#7d8590", "#5b6ee1"),
)
"""One a scene, in turn; legible likewise."""

# Any: the library names the type of its keys only from version 3.10 on
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text and takes the page's font
    "font.size": 10.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def inline_svg(figure: Figure, *, name: str, alt: str) -> str:
    """Render to an `<svg>` element whose ids start with `name`, so that several share a page.

    `alt` says in words what it shows, for those who cannot see it.
    """
    buffer = io.StringIO()
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    # whose tool drew it, with addresses that look like references
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, count=1, flags=re.DOTALL)
    text = _smaller(text)
    # the page scales the picture to its column; the viewBox keeps the proportions
    return re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1).replace(
        "<svg ", f'<svg role="img" aria-label="{html.escape(alt)}" ', 1
    )


def _smaller(text: str) -> str:
    """Leave out what is not seen: comments, indentation, and digits behind 1/100 of a point."""
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r">\s+<", "><", text)
    return re.sub(
        r' (?:d|x|y|transform)="[^"]*"',
        lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0].replace("\n", "")),
        text,
    )


def bare_axes(figure: Figure, position: int, *, count: int = 1, num_rows: int = 1) -> Axes:
    """Add one of `count` plots side by side, with no frame but the left and lower edge.

    Positions are counted from 1, row by row.
    """
    with matplotlib.rc_context(_STYLE):
        axes = figure.add_subplot(num_rows, count, position)
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color=INK, alpha=0.12, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def colors_by_label(labels: Sequence[str]) -> dict[str, str]:
    """Return a colour for each distinct label, in order; they repeat after ten."""
    distinct = dict.fromkeys(labels)
    return {label: SCENE_COLORS[i % len(SCENE_COLORS)] for i, label in enumerate(distinct)}


def legend_text(label: str) -> str:
    """Return a label that a legend writes as it is."""
    # legends leave out labels that start with an underscore, and read $ as mathematics
    return f" {label}".replace("$", r"\$")
