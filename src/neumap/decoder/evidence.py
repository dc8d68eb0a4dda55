"""What speaks for a candidate: likeness, rivals, and matches of the pixels around it.

A pixel near others in the photo mostly shows a point near theirs in the scene, and the codes that
a photo shows lie together. Neither needs the camera.
Legend: N pixel, R rank, S source (a pixel whose match is mutual), M nearest sources, K code.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.spatial import KDTree
from torch import Tensor

from neumap.decoder.candidates import Candidates
from neumap.decoder.surroundings import VIEW_SCALES
from neumap.decoder.token_lift import LiftedCodes

_NUM_SOURCES = 16  # sources looked at around each pixel
_MAX_SOURCES = 600
_SUPPORT_SCALES = (0.5, 1.5, 5.0)
_NEAREST_IMAGE_DISTANCE = 0.02  # of the photo's spread of key-points; keeps kernels wide enough
NUM_EVIDENCE = 8 + len(_SUPPORT_SCALES) + len(VIEW_SCALES)


def gather_evidence(
    candidates: Candidates,
    xy: Float[Tensor, "pixel 2"],
    codes: LiftedCodes,
    *,
    code_floor: float,
) -> Float[Tensor, "pixel rank evidence"]:
    """Describe each candidate by numbers of order 1; no gradient flows through them.

    `xy` are positions in the photo in units of the spread of its key-points.
    """
    with torch.no_grad():
        given = candidates.detached()
        cosine = given.cosine
        rival = torch.full_like(cosine, float("-inf"))
        rival[:, 0] = cosine[:, 1] if cosine.shape[1] > 1 else -1.0
        rival[:, 1:] = cosine[:, :1]
        share = given.log_share_of_pixel()
        share_of_code = given.log_share_of_code(code_floor)
        is_mutual = given.is_mutual()
        sources = torch.where(is_mutual, share + share_of_code, -torch.inf).amax(
            dim=1
        )  # one number a pixel, -inf where it has no mutual match
        support = _support(given, xy, codes, strength=sources)
        in_view = _in_view(given, codes, share)
        size = torch.full_like(cosine, float(len(codes))).log() / 5 - 1.2
        num_mutual = is_mutual.sum().clamp(min=1).to(cosine.dtype)
        ratio = (num_mutual / min(len(cosine), len(codes))).log().expand_as(cosine)
        plain = [
            4 * cosine - 3,
            10 * (cosine - rival),
            10 * (cosine - given.cosine_of_code[given.code_idx]),
            share.clamp(min=-15) / 3,
            share_of_code.clamp(min=-15) / 3,
            is_mutual.to(cosine.dtype),
            size,
            ratio,
        ]
        return torch.cat([torch.stack(plain, dim=2), support, in_view], dim=2)


def _support(
    candidates: Candidates,
    xy: Float[Tensor, "pixel 2"],
    codes: LiftedCodes,
    *,
    strength: Float[Tensor, " pixel"],
) -> Float[Tensor, "pixel rank scale"]:
    """How many of the nearest sources matched near the candidate's anchor, on a log scale.

    The kernel's width grows with the distance in the photo.
    """
    shape = (*candidates.code_idx.shape, len(_SUPPORT_SCALES))
    source_idx = strength.topk(min(_MAX_SOURCES, len(strength))).indices
    source_idx = source_idx[strength[source_idx] > -torch.inf]
    if len(source_idx) < 2:
        return torch.full(shape, -1.0, device=xy.device)
    rank = candidates.score[source_idx].argmax(dim=1, keepdim=True)
    source_xyz = codes.xyz[candidates.code_idx[source_idx].gather(1, rank)[:, 0]]
    weight_S = strength[source_idx].clamp(max=0).exp()
    distance_NM, near_NM = _nearest(xy, xy[source_idx])
    own = source_idx[near_NM] == torch.arange(len(xy), device=xy.device)[:, None]
    weight_NM = torch.where(own, 0.0, weight_S[near_NM])
    xyz_NR3, near_xyz_NM3 = codes.xyz[candidates.code_idx], source_xyz[near_NM]
    squared_NRM = sum(  # axis by axis: far faster than cdist on many small sets
        (xyz_NR3[:, :, None, axis] - near_xyz_NM3[:, None, :, axis]).square() for axis in range(3)
    )
    relative_NRM = squared_NRM / (distance_NM + _NEAREST_IMAGE_DISTANCE).square()[:, None]
    scales = [(weight_NM[:, None] / (1 + relative_NRM / s**2)).sum(dim=2) for s in _SUPPORT_SCALES]
    return (torch.stack(scales, dim=2) + 0.02).log() / 2


def _nearest(
    xy: Float[Tensor, "pixel 2"], source_xy: Float[Tensor, "source 2"]
) -> tuple[Float[Tensor, "pixel near"], Int[Tensor, "pixel near"]]:
    """Distances and indices of the nearest sources; a tree is faster than sorting all pairs."""
    tree = KDTree(source_xy.cpu().numpy(), balanced_tree=False, compact_nodes=False)
    count = min(_NUM_SOURCES, len(source_xy))  # two or more, else scipy drops the axis
    distance, near = tree.query(xy.cpu().numpy(), k=count, workers=torch.get_num_threads())
    return (
        torch.from_numpy(distance.astype(np.float32)).to(xy.device),
        torch.from_numpy(near.astype(np.int64)).to(xy.device),
    )


def _in_view(
    candidates: Candidates, codes: LiftedCodes, share: Float[Tensor, "pixel rank"]
) -> Float[Tensor, "pixel rank scale"]:
    """How many matches the surroundings of the candidate's anchor have, against the mean code."""
    mass = torch.zeros(len(codes), device=share.device)
    mass = mass.scatter_add(0, candidates.code_idx.flatten(), share.exp().flatten()).clamp(max=1.0)
    around = codes.surroundings.around(mass)  # (scale, code)
    relative = (around / around.mean(dim=1, keepdim=True).clamp(min=1e-6) + 0.02).log()
    return relative[:, candidates.code_idx].permute(1, 2, 0)
