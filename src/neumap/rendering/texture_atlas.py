"""All textures of a scene in one array with reduced copies, so that lookups never alias."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image


@dataclass(frozen=True, eq=False)
class TextureAtlas:
    """Texels of every texture and level (each level half the size of the one before)."""

    texels: UInt8[np.ndarray, "texel 4"]
    """Red, green, blue and padding, row by row."""
    start: Int[np.ndarray, "texture level"]
    height: Int[np.ndarray, "texture level"]
    width: Int[np.ndarray, "texture level"]

    @classmethod
    def pack(cls, images: Sequence[UInt8[np.ndarray, "_ _ 3"]]) -> "TextureAtlas":
        """Store images and their reduced copies (box filter)."""
        num_levels = 9
        start = np.zeros((len(images), num_levels), dtype=np.int64)
        height, width = start.copy(), start.copy()
        parts: list[np.ndarray] = []
        total = 0
        for number, image in enumerate(images):
            picture = Image.fromarray(image).convert("RGBA")
            for level in range(num_levels):
                if level and min(picture.size) > 1:
                    picture = picture.reduce(2)
                part = np.asarray(picture).reshape(-1, 4)
                start[number, level], total = total, total + len(part)
                width[number, level], height[number, level] = picture.size
                parts.append(part)
        return cls(np.concatenate(parts), start, height, width)

    def sample(
        self,
        texture: Int[np.ndarray, " sample"],
        uv: Float[np.ndarray, "sample 2"],
        texels_per_sample: Float[np.ndarray, " sample"],
    ) -> Float[np.ndarray, "sample 3"]:
        """Look up colours (0-255) bilinearly at shares `uv` of each texture.

        `texels_per_sample` is the side of a sample's footprint in texels of the full texture;
        it chooses the level whose texels have about that size.
        """
        num_levels = self.start.shape[1]
        wanted = np.log2(np.maximum(texels_per_sample, 1.0))
        level = np.minimum((wanted + 0.5).astype(np.int64), num_levels - 1)
        slot = texture * num_levels + level
        start, height, width = (a.ravel()[slot] for a in (self.start, self.height, self.width))
        x = np.clip(uv[:, 0] * width - 0.5, 0.0, width - 1.0)
        y = np.clip(uv[:, 1] * height - 0.5, 0.0, height - 1.0)
        left, top = x.astype(np.int64), y.astype(np.int64)
        frac_x = (x - left).astype(np.float32)[:, None]
        frac_y = (y - top).astype(np.float32)[:, None]
        step_x = (left < width - 1).astype(np.int64)
        step_y = np.where(top < height - 1, width, 0)
        first = start + top * width + left
        packed = self.texels.view(np.uint32)[:, 0]
        above = _mix(packed, first, first + step_x, frac_x)
        below = _mix(packed, first + step_y, first + step_y + step_x, frac_x)
        return above + frac_y * (below - above)


def _mix(
    packed: np.ndarray, index_a: np.ndarray, index_b: np.ndarray, share: np.ndarray
) -> np.ndarray:
    # One 4-byte gather for each texel is about three times as fast as three 1-byte gathers.
    a = packed[index_a].view(np.uint8).reshape(-1, 4)[:, :3].astype(np.float32)
    b = packed[index_b].view(np.uint8).reshape(-1, 4)[:, :3].astype(np.float32)
    return a + share * (b - a)
