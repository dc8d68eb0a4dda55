"""Places of a large map, and which of them a photo shows: no byte of the map is spent on it.

A place holds codes that lie together. Among a hundred thousand codes most key-points are nearest to
a wrong one, but wrong ones are scattered over all places and right ones are not: each key-point
votes for the place of its nearest code, and a place is judged by how many more codes of it have
votes than its number of codes would draw by chance; a code counts once, because one leaf or brick
may be nearest to hundreds of key-points. Then only the codes of the places with most votes are
read, as those of a small map (routes of `decoder.md`, section 5: covisibility of matched codes).
What they match tells more exactly what is seen: the codes around it are then read alone.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float32, Int
from scipy.spatial import KDTree

from neumap.decoder.scene_coordinates import SceneCoordinates
from neumap.errors import OptionError

_PIXEL_BLOCK = 256
_CODE_BLOCK = 8192  # cosines of a block of each fill about the second cache
_NUM_CENTRES = 200  # matches whose surroundings are looked at, the most confident ones


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceConfig:
    """When places are chosen, and how many; decisions 008 and 011 have the figures."""

    num_places: int = 16
    """Places that are read at most."""
    min_share: float = 0.2
    """Places of less than this share of the best one's score are not read."""
    max_place_codes: int = 512
    """A place is cut in two until it has no more codes."""
    min_codes: int = 20_000
    """Maps of fewer codes are read as a whole."""
    num_around: int = 256
    """Codes nearest to a match that are its surroundings."""
    min_support: float = 0.3
    """Surroundings with less than this share of the best ones' confidence are not read again."""

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        least = min(self.num_places, self.max_place_codes, self.min_codes, self.num_around)
        if least < 1 or not (0 <= self.min_share <= 1 and 0 <= self.min_support <= 1):
            raise OptionError("PlaceConfig", f"{self} is out of range", "See its fields.")


def places_of_codes(
    anchors_in_world: Float[np.ndarray, "code 3"], *, max_place_codes: int
) -> Int[np.ndarray, " code"]:
    """Number the place of each code, from 0.

    All codes are halved at the median along their longest edge until a place holds few enough, so
    that places have about equal numbers of codes, however far apart these lie.
    """
    place_idx = np.zeros(len(anchors_in_world), dtype=np.int64)
    num_places = 0
    waiting = [np.arange(len(anchors_in_world))]
    while waiting:
        own = waiting.pop()
        if len(own) <= max_place_codes:
            place_idx[own] = num_places
            num_places += 1
            continue
        axis = int(np.ptp(anchors_in_world[own], axis=0).argmax())
        own = own[np.argsort(anchors_in_world[own, axis], kind="stable")]
        waiting += [own[: len(own) // 2], own[len(own) // 2 :]]
    return place_idx


@torch.inference_mode()
def nearest_codes(
    query: Float32[np.ndarray, "pixel value"], vectors: Float32[np.ndarray, "code value"]
) -> Int[np.ndarray, " pixel"]:
    """Return the code of the highest cosine with each key-point; both are of unit length.

    Compared block by block: a matrix of all cosines would not fit in memory.
    """
    pixels, codes = torch.from_numpy(np.ascontiguousarray(query)), torch.from_numpy(vectors)
    best_idx = torch.zeros(len(pixels), dtype=torch.int64)
    for first in range(0, len(pixels), _PIXEL_BLOCK):
        rows = slice(first, first + _PIXEL_BLOCK)
        best = torch.full((len(pixels[rows]),), -torch.inf)
        for start in range(0, len(codes), _CODE_BLOCK):
            cosine, idx = (pixels[rows] @ codes[start : start + _CODE_BLOCK].T).max(dim=1)
            is_better = cosine > best
            best = torch.where(is_better, cosine, best)
            best_idx[rows] = torch.where(is_better, idx + start, best_idx[rows])
    return best_idx.numpy()


def choose_places(
    voted_codes: Int[np.ndarray, " vote"],
    place_idx: Int[np.ndarray, " code"],
    *,
    config: PlaceConfig,
) -> Int[np.ndarray, " chosen"]:
    """Return the places of most votes, best first; one at least, if there is any.

    A place's score is (v - e) / sqrt(e + 1) for v voted codes where e are expected by chance, which
    is the number of all voted codes times its share of the codes.
    """
    num_codes = np.bincount(place_idx)
    voted_once = np.unique(voted_codes)
    votes = np.bincount(place_idx[voted_once], minlength=len(num_codes))
    expected = len(voted_once) * num_codes / max(len(place_idx), 1)
    score = (votes - expected) / np.sqrt(expected + 1)
    best = np.argsort(-score, kind="stable")[: config.num_places]
    return best[score[best] >= config.min_share * score[best[:1]]]


def supported_codes(
    anchors_in_world: Float[np.ndarray, "code 3"],
    matches: SceneCoordinates,
    *,
    config: PlaceConfig,
) -> Bool[np.ndarray, " code"]:
    """Tell which codes lie around matches that support each other.

    The surroundings of a match are the codes nearest to it. They are judged by the sum of the
    confidence that codes are matched with there, each with its best match.
    """
    if len(matches) == 0:
        return np.zeros(len(anchors_in_world), dtype=bool)
    tree = KDTree(anchors_in_world)
    code_idx = np.asarray(tree.query(matches.xyz_in_world)[1])
    confidence = np.zeros(len(anchors_in_world))
    np.maximum.at(confidence, code_idx, matches.confidence)
    centres = anchors_in_world[np.unique(code_idx[:_NUM_CENTRES])]
    num_around = min(config.num_around, len(anchors_in_world))
    around = np.asarray(tree.query(centres, k=num_around)[1]).reshape(len(centres), num_around)
    support = confidence[around].sum(axis=1)
    is_supported = np.zeros(len(anchors_in_world), dtype=bool)
    is_supported[around[support >= config.min_support * support.max()]] = True
    return is_supported
