from dataclasses import replace

import numpy as np
import pytest

from layout_writers import save_photo
from neumap.benchmark import run_key
from neumap.benchmark.run_key import ContentHashes, fold_fingerprint
from neumap.geometry import Camera, RigidTransform
from neumap.images import Split, read_images

KEY = {"method": "neumap", "budget_bytes": 4200, "seed": 0}


@pytest.fixture
def image_set(root):
    return read_images(root / "hall")


@pytest.fixture
def split(image_set):
    names = tuple(image.name for image in image_set.images)
    return Split(names[:6], names[6:])


def _fingerprint(image_set, split):
    return fold_fingerprint(image_set, split, ContentHashes())


def _with_image(image_set, index, **change):
    images = list(image_set.images)
    images[index] = replace(images[index], **change)
    return replace(image_set, images=tuple(images))


def test_the_same_fold_has_the_same_fingerprint_wherever_it_lies(image_set, split, root, tmp_path):
    (root / "hall").rename(tmp_path / "moved")
    assert _fingerprint(read_images(tmp_path / "moved"), split) == _fingerprint(
        _copied(image_set, tmp_path / "moved"), split
    )


def _copied(image_set, folder):
    images = tuple(
        replace(
            image,
            path=folder / image.name,
            depth=None
            if image.depth is None
            else replace(image.depth, path=folder / "depth" / image.depth.path.name),
        )
        for image in image_set.images
    )
    return replace(image_set, images=images)


def test_other_photos_cameras_poses_depth_or_names_give_another_fingerprint(image_set, split):
    first = image_set.images[0]
    moved = RigidTransform(first.cam_from_world.rotation, first.cam_from_world.translation + 1e-6)
    wider = Camera.pinhole(
        first.camera.width, first.camera.height, fx=60.5, fy=61.0, cx=31.0, cy=25.0
    )
    before = _fingerprint(image_set, split)
    others = {
        "pose": _fingerprint(_with_image(image_set, 0, cam_from_world=moved), split),
        "camera": _fingerprint(_with_image(image_set, 0, camera=wider), split),
        "depth": _fingerprint(_with_image(image_set, 0, depth=None), split),
        "units": _fingerprint(replace(image_set, units="unknown"), split),
        "queries": _fingerprint(image_set, Split(split.map_names, split.query_names[1:])),
        "mapped": _fingerprint(image_set, Split(split.map_names[1:], split.query_names)),
    }
    save_photo(first.path, np.zeros((48, 64, 3), dtype=np.uint8))
    others["photo"] = _fingerprint(image_set, split)
    assert len({before, *others.values()}) == 1 + len(others)


def test_the_true_pose_of_a_query_does_not_matter(image_set, split):
    unknown = _with_image(image_set, 9, cam_from_world=None)
    assert _fingerprint(unknown, split) == _fingerprint(image_set, split)


def test_method_budget_seed_fold_and_settings_are_in_the_key(recipe):
    other = replace(recipe, mapping=recipe.mapping.model_copy(update={"voxel_side": 2.0}))
    keys = [
        run_key.run_key("fold", recipe, **KEY),
        run_key.run_key("fold", recipe, **{**KEY, "method": "sift"}),
        run_key.run_key("fold", recipe, **{**KEY, "budget_bytes": None}),
        run_key.run_key("fold", recipe, **{**KEY, "seed": 1}),
        run_key.run_key("fold", other, **KEY),
        run_key.run_key("elsewhere", recipe, **KEY),
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", ["package_fingerprint", "library_versions"])
def test_other_code_or_libraries_give_another_key(name, recipe, monkeypatch):
    before = run_key.run_key("fold", recipe, **KEY)
    monkeypatch.setattr(run_key, name, lambda: "other")
    assert run_key.run_key("fold", recipe, **KEY) != before


def test_code_that_only_prints_does_not_change_the_package_s_fingerprint(tmp_path, monkeypatch):
    def fingerprint_of(files):
        root = tmp_path / "neumap"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setattr(run_key.resources, "files", lambda _: root)
        return run_key.package_fingerprint.__wrapped__()

    before = fingerprint_of({"pose/a.py": "1", "cli/b.py": "1", "evaluation/prediction.py": "1"})
    assert fingerprint_of({"cli/b.py": "2"}) == before
    after_predictions = fingerprint_of({"evaluation/prediction.py": "2"})
    assert after_predictions != before
    assert fingerprint_of({"pose/a.py": "2"}) not in (before, after_predictions)
