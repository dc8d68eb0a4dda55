"""Textures with drawn content: posters, book spines, drawers, screens, window views, rugs."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw

from neumap.rendering.noise import fractal_noise, random_color, to_uint8

Texture = UInt8[np.ndarray, "h w 3"]
Ink = tuple[int, int, int]


def _ink(rng: np.random.Generator, *, low: float = 0.05, high: float = 0.95) -> Ink:
    red, green, blue = (
        int(v)
        for v in to_uint8(random_color(rng, low=low, high=high, saturation=0.85)[None, None])[0, 0]
    )
    return red, green, blue


class _Sheet:
    """A picture drawn at twice its size and reduced at the end, so that edges are smooth."""

    def __init__(self, image: Texture) -> None:
        height, width = image.shape[:2]
        self.height, self.width = height * 2, width * 2
        self._picture = Image.fromarray(image).resize((self.width, self.height))
        self.draw = ImageDraw.Draw(self._picture)

    def finished(self) -> Texture:
        """Return the reduced picture."""
        return np.asarray(self._picture.reduce(2))


def glyph_line(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    *,
    ink: Ink,
    is_vertical: bool = False,
) -> None:
    """Write letters that belong to no alphabet along a box (left, top, right, bottom)."""
    left, top, right, bottom = box
    size = (right - left) if is_vertical else (bottom - top)
    length = (bottom - top) if is_vertical else (right - left)
    advance = 0.75 * size
    stroke = max(1, round(size * rng.uniform(0.1, 0.2)))
    for number in range(int(length / advance)):
        if rng.random() < 0.14:
            continue
        nodes = rng.integers(0, 3, (int(rng.integers(3, 6)), 2)) / 2.0
        along, across = 0.5 * size * nodes[:, 0] + number * advance, 0.85 * size * nodes[:, 1]
        points = (
            np.stack([left + across, top + along], 1)
            if is_vertical
            else np.stack([left + along, top + across], 1)
        )
        flat = [(float(x), float(y)) for x, y in points]
        draw.line(flat, fill=ink, width=stroke)


def _paragraph(
    rng: np.random.Generator,
    draw: ImageDraw.ImageDraw,
    box: tuple[float, float, float, float],
    size: float,
) -> None:
    ink = _ink(rng, high=0.4) if rng.random() < 0.7 else _ink(rng, low=0.7)
    left, top, right, bottom = box
    y = top
    while y + size < bottom:
        end = left + (right - left) * rng.uniform(0.55, 1.0)
        glyph_line(rng, draw, (left, y, end, y + size), ink=ink)
        y += 1.5 * size


def _shape(rng: np.random.Generator, sheet: _Sheet, scale: float) -> None:
    x, y = rng.uniform(0, sheet.width), rng.uniform(0, sheet.height)
    reach = scale * min(sheet.width, sheet.height) * rng.uniform(0.05, 0.3)
    kind = rng.integers(0, 4)
    if kind == 0:
        sheet.draw.ellipse((x - reach, y - reach * 0.8, x + reach, y + reach * 0.8), fill=_ink(rng))
    elif kind == 1:
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 7))))
        corners = [(x + reach * float(np.cos(a)), y + reach * float(np.sin(a))) for a in angles]
        sheet.draw.polygon(corners, fill=_ink(rng))
    elif kind == 2:
        end = (x + reach * rng.uniform(-2, 2), y + reach * rng.uniform(-2, 2))
        sheet.draw.line((x, y, *end), fill=_ink(rng), width=max(2, int(reach * 0.15)))
    else:
        sheet.draw.rectangle((x - reach, y - reach, x + reach, y + 0.4 * reach), fill=_ink(rng))


def painting(rng: np.random.Generator, height: int, width: int) -> Texture:
    """Paint an abstract landscape: colours ordered by warped height, blobs on top."""
    warp = fractal_noise(rng, height, width, cell=(height / 2, width / 2), num_octaves=8)
    level = np.linspace(0, 1, height)[:, None] + 0.22 * warp
    stops = np.sort(rng.uniform(0, 1, 6))
    colors = np.stack([random_color(rng, low=0.1, high=1.0, saturation=0.8) for _ in stops])
    image = np.stack([np.interp(level, stops, colors[:, c]) for c in range(3)], axis=-1)
    detail = fractal_noise(rng, height, width, cell=(30.0, 30.0), num_octaves=5, persistence=0.8)
    return to_uint8((image * (1 + 0.12 * detail[..., None])).astype(np.float32))


def poster(rng: np.random.Generator, height: int, width: int) -> Texture:
    """Print a poster: painted or flat ground, shapes, a title and lines of glyphs."""
    if rng.random() < 0.5:
        ground = painting(rng, height, width)
    else:
        shade = fractal_noise(rng, height, width, cell=(float(height), float(width)), num_octaves=4)
        ground = to_uint8(random_color(rng, low=0.3, high=1.0) * (1 + 0.1 * shade[..., None]))
    sheet = _Sheet(ground)
    for _ in range(int(rng.integers(5, 26))):
        _shape(rng, sheet, 1.0)
    margin = 0.07 * sheet.width
    title = sheet.height * rng.uniform(0.06, 0.14)
    top = sheet.height * rng.choice([0.05, 0.4, 0.8])
    box = (margin, top, sheet.width - margin, top + title)
    glyph_line(rng, sheet.draw, box, ink=_ink(rng))
    for _ in range(int(rng.integers(1, 4))):
        left = rng.uniform(margin, 0.5 * sheet.width)
        top = rng.uniform(0.1, 0.75) * sheet.height
        right = min(sheet.width - margin, left + 0.45 * sheet.width)
        size = sheet.height * rng.uniform(0.018, 0.04)
        _paragraph(rng, sheet.draw, (left, top, right, top + 0.2 * sheet.height), size)
    if rng.random() < 0.6:
        edge = int(0.02 * sheet.width) + 2
        frame = (0, 0, sheet.width - 1, sheet.height - 1)
        sheet.draw.rectangle(frame, outline=_ink(rng), width=edge)
    return sheet.finished()


def book_row(rng: np.random.Generator, height: int, width: int) -> Texture:
    """Stand books in a row: spines of own width, height and colour with titles and bands."""
    sheet = _Sheet(np.full((height, width, 3), 28, np.uint8))
    x = 0.0
    while x < sheet.width:
        thickness = sheet.height * rng.uniform(0.06, 0.22)
        top = sheet.height * rng.choice([rng.uniform(0.02, 0.35), 0.06])
        if rng.random() < 0.06:
            x += thickness
            continue
        right = x + thickness - 2
        sheet.draw.rectangle((x, top, right, sheet.height), fill=_ink(rng))
        for share in rng.uniform(0, 1, int(rng.integers(0, 3))):
            y = top + float(share) * (sheet.height - top)
            sheet.draw.rectangle((x, y, right, y + 0.05 * sheet.height), fill=_ink(rng))
        start = top + rng.uniform(0.05, 0.3) * (sheet.height - top)
        inset = 0.22 * thickness
        end = start + rng.uniform(0.35, 0.65) * (sheet.height - top)
        box = (x + inset, start, right - inset, end)
        glyph_line(rng, sheet.draw, box, ink=_ink(rng), is_vertical=True)
        x += thickness
    return sheet.finished()


def cabinet_front(rng: np.random.Generator, ground: Texture, rows: int, columns: int) -> Texture:
    """Draw drawers or doors with seams and handles on a ground."""
    sheet = _Sheet(ground)
    metal, seam = _ink(rng, low=0.5, high=0.9), _ink(rng, low=0.02, high=0.15)
    step_x, step_y = sheet.width / columns, sheet.height / rows
    for row in range(rows):
        for column in range(columns):
            left, top = column * step_x, row * step_y
            box = (left + 6, top + 6, left + step_x - 6, top + step_y - 6)
            sheet.draw.rectangle(box, outline=seam, width=5)
            x = left + step_x * (0.5 if rows >= columns else 0.85)
            y = top + 0.5 * step_y
            reach = 0.12 * min(step_x, step_y) + 6
            sheet.draw.rectangle((x - reach, y - 5, x + reach, y + 5), fill=metal)
    return sheet.finished()


def screen(rng: np.random.Generator, height: int, width: int) -> Texture:
    """Show windows with text on a monitor with a dark edge."""
    sheet = _Sheet(np.full((height, width, 3), 24, np.uint8))
    edge = 0.04 * sheet.width
    body = (edge, edge, sheet.width - edge, sheet.height - edge)
    sheet.draw.rectangle(body, fill=_ink(rng, low=0.3))
    for _ in range(3):
        left, top = rng.uniform(0.05, 0.5) * sheet.width, rng.uniform(0.05, 0.5) * sheet.height
        right, bottom = left + 0.42 * sheet.width, top + 0.42 * sheet.height
        sheet.draw.rectangle((left, top, right, bottom), fill=_ink(rng, low=0.6))
        inner = (left + 8, top + 8, right - 8, bottom - 8)
        _paragraph(rng, sheet.draw, inner, 0.035 * sheet.height)
    return sheet.finished()


def rug(rng: np.random.Generator, height: int, width: int) -> Texture:
    """Knot a rug: nested borders and motifs, worn unevenly."""
    sheet = _Sheet(np.zeros((height, width, 3), np.uint8))
    inset = 0.0
    for _ in range(int(rng.integers(4, 8))):
        box = (inset, inset, sheet.width - inset, sheet.height - inset)
        sheet.draw.rectangle(box, fill=_ink(rng, low=0.2, high=0.8))
        inset += min(sheet.width, sheet.height) * rng.uniform(0.02, 0.07)
    for _ in range(40):
        _shape(rng, sheet, 0.5)
    wear = fractal_noise(rng, height, width, cell=(70.0, 70.0), num_octaves=7, persistence=0.75)
    return to_uint8(sheet.finished().astype(np.float32) / 255 * (1 + 0.12 * wear[..., None]))
