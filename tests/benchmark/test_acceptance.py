import json
from dataclasses import fields

import numpy as np
from benchmarks.acceptance import LIMITS, RESULTS_FILE, Case, Count, RememberingReader, count_case

from made_scene import made_views, truth_of
from neumap.baselines.nearest import full_precision
from neumap.images import PosedImage
from neumap.pose.verification import VerificationConfig


class CountingReader:
    """Counts how often it is asked."""

    def __init__(self, reader):
        self.reader = reader
        self.num_asked = 0

    def predict(self, features):
        self.num_asked += 1
        return self.reader.predict(features)

    def guide(self, features):
        return self.reader.guide(features)


def test_photos_are_counted_by_kind_and_matched_once_for_all_limits(tmp_path):
    made = made_views(num_points=200)
    other = made_views(num_points=200, seed=7)
    views = {}

    def photos(prefix, some):
        images = []
        for number, view in enumerate(some.views[:2]):
            path = tmp_path / f"{prefix}{number}.jpg"
            views[path] = view
            images.append(
                PosedImage(
                    name=path.name,
                    path=path,
                    camera=view.camera,
                    cam_from_world=view.cam_from_world,
                )
            )
        return tuple(images)

    case = Case(name="room", mapped=(), queries=photos("own", made), strange=photos("other", other))
    reader = CountingReader(full_precision(truth_of(made)))
    counts = {}
    count_case(case, reader, lambda image: views[image.path].features, counts)
    assert set(counts) == set(LIMITS)
    assert reader.num_asked == 4
    for count in counts.values():
        assert (count.right, count.wrong, count.refused) == (2, 0, 0)
        assert (count.strange_believed, count.num_strange, count.num_alike) == (0, 2, 0)


def test_a_new_photo_is_matched_anew():
    made = made_views(num_points=50)
    memory = RememberingReader(full_precision(truth_of(made)))
    first, second = (view.features for view in made.views[:2])
    a = memory.predict(first)
    assert memory.predict(first) is a
    memory.forget()
    assert not np.array_equal(memory.predict(second).xyz_in_world, a.xyz_in_world)


def test_the_committed_counts_are_of_the_shipped_limits_and_believe_no_strange_photo():
    assert LIMITS["shipped"] == VerificationConfig()
    content = json.loads(RESULTS_FILE.read_text(encoding="utf-8"))
    names = {field.name for field in fields(Count)}
    alike_believed, num_alike = 0, 0
    for by_budget in content["sets"].values():
        for by_limit in by_budget.values():
            assert all(set(count) == names for count in by_limit.values())
            shipped = by_limit["shipped"]
            assert shipped["strange_believed"] == 0
            alike_believed += shipped["alike_believed"]
            num_alike += shipped["num_alike"]
    # the aim of decision 006, of photos of look-alike places at all sizes together
    assert num_alike >= 64
    assert alike_believed <= 0.02 * num_alike
