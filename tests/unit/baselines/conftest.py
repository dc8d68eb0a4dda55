"""A rendered room as a fold, shared by the tests of the compared methods."""

import numpy as np
import pytest

from neumap.baselines import Fold
from neumap.images import Split, read_images
from neumap.rendering import CaptureSpec, build_facade, write_capture


@pytest.fixture(scope="session")
def room_fold(room_capture):
    image_set = read_images(room_capture)
    return Fold(image_set=image_set, split=Split.read(room_capture / "split.json"))


@pytest.fixture(scope="session")
def room_queries(room_fold):
    return room_fold.split.apply(room_fold.image_set)[1]


@pytest.fixture(scope="session")
def foreign_photos(tmp_path_factory):
    """Two photos of a house, which the room's map knows nothing of, and one of noise."""
    folder = tmp_path_factory.mktemp("facade")
    spec = CaptureSpec(width=320, height=240, num_map=1, num_query=1, query_night_share=0.0)
    write_capture(folder, build_facade, spec, seed=77)
    images = read_images(folder).images
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    return [*((image.path, image.camera) for image in images), (noise, images[0].camera)]
