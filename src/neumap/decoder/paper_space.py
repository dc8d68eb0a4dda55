"""The space of the dense codes that the shipped `paper` network makes of points."""

from functools import lru_cache

import torch

from neumap.codes.dense_space import NUM_POSITION_VALUES, DenseSpace
from neumap.decoder.code_start import CodeStart
from neumap.decoder.paper_weights import load_code_start

POSITION_STEP, LOOK_STEP, SHARED_STEP = 0.02, 0.16, 0.04
"""Steps between stored values, in units of a code's channels (decision 002)."""


@lru_cache(maxsize=1)
def load_dense_space() -> DenseSpace:
    """Return the space of the shipped weights; raises as `load_code_start` does."""
    return dense_space_of(load_code_start())


def dense_space_of(start: CodeStart) -> DenseSpace:
    """Return the directions along which this network moves a code with its point.

    A code is nearly linear in the point's position and in a short view of its descriptor; what the
    rest of the network adds leaves these directions by less than a step.
    """
    with torch.no_grad():
        weight = start.direct.weight
        view_dim = start.view.out_features
        directions = torch.cat([weight[:, -NUM_POSITION_VALUES:], weight[:, :view_dim]], dim=1).T
        return DenseSpace.of_directions(
            start.direct.bias.detach().clone(),
            directions,
            position_step=POSITION_STEP,
            look_step=LOOK_STEP,
            no_match=start.no_match,
            later=start.later,
            shared_step=SHARED_STEP,
        )
