"""XFeat's describing layers compiled by OpenVINO, for services that keep a map loaded.

It takes seconds to compile and is then quicker than torch. The key-point layers stay in torch, so
key-points are those of every engine.
"""

import warnings
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from neumap.errors import OptionError
from neumap.features.xfeat_network import XFeatNetwork

_EXAMPLE_SIZE = (96, 128)  # any; the compiled network takes all sizes


@runtime_checkable
class InferRequest(Protocol):
    """What is used of OpenVINO's request, which has no types."""

    def infer(self, inputs: list[np.ndarray]) -> Mapping[int, np.ndarray]:
        """Run the network; outputs by their place."""
        ...


class OpenVinoDescriber:
    """Called with normalised grey values as `XFeatNetwork.describe` is; keeps one request."""

    def __init__(self, request: InferRequest) -> None:
        self._request = request

    def __call__(
        self, grey: Float[Tensor, "1 1 height width"]
    ) -> tuple[Float[Tensor, "1 64 rows columns"], Float[Tensor, "1 1 rows columns"]]:
        """Return descriptors (not normalised) and reliability."""
        outputs = self._request.infer([grey.contiguous().numpy()])
        # the request overwrites its outputs at the next call
        return torch.from_numpy(outputs[0].copy()), torch.from_numpy(outputs[1].copy())


class _Describer(nn.Module):
    def __init__(self, network: XFeatNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, grey: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.describe(grey)


def compile_with_openvino(network: XFeatNetwork) -> OpenVinoDescriber:
    """Convert a network in float32; OpenVINO rounds to bfloat16 where the processor has it.

    Raises OptionError where the package openvino is not installed.
    """
    try:
        import openvino
    except ImportError as error:
        raise OptionError(
            "engine", "openvino is not installed", "pip install 'neumap[openvino]'"
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # how OpenVINO reads torch's networks
        model: Any = openvino.convert_model(
            _Describer(network),
            example_input=torch.zeros(1, 1, *_EXAMPLE_SIZE),
            input=[[1, 1, -1, -1]],
        )
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    compiled: Any = openvino.Core().compile_model(model, "CPU", settings)
    return OpenVinoDescriber(compiled.create_infer_request())
