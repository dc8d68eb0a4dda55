"""Real exports of the layouts that users have: each is read, or refused for the right reason."""

import os
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from neumap.errors import DataError, PoseError
from neumap.geometry import RigidTransform
from neumap.images import (
    MatchedPair,
    Split,
    check_convention,
    load_depth,
    load_photo,
    read_images,
)
from neumap.images.colmap_text import read_text_model

_BESIDE_REPOSITORY = Path(__file__).parents[2].parent / "shared"
FORMATS = Path(os.environ.get("NEUMAP_FORMATS", _BESIDE_REPOSITORY / "formats"))
DATA = Path(os.environ.get("NEUMAP_DATA", _BESIDE_REPOSITORY / "data"))


def _formats(name: str) -> Path:
    if not (FORMATS / name).is_dir():
        pytest.skip(f"{FORMATS / name} is absent (set NEUMAP_FORMATS)")
    return FORMATS / name


def test_colmap_text_model_with_radial_distortion_is_read():
    image_set = read_images(_formats("colmap_lund_door"))
    assert (image_set.layout, len(image_set.images)) == ("colmap", 12)
    assert image_set.images[0].name == "images/DSC_0001.JPG"
    assert image_set.images[0].camera.model == "SIMPLE_RADIAL"
    assert load_photo(image_set.images[0].path).shape == (1936, 1296, 3)


def test_colmap_poses_equal_those_of_the_same_capture_as_camera_to_world():
    image_set = read_images(_formats("colmap_lund_door"))
    if not (DATA / "lund_door").is_dir():
        pytest.skip(f"{DATA / 'lund_door'} is absent (set NEUMAP_DATA)")
    other = read_images(DATA / "lund_door")
    for a, b in zip(image_set.images, other.images, strict=True):
        np.testing.assert_allclose(a.cam_from_world.matrix, b.cam_from_world.matrix, atol=2e-5)


def test_colmap_model_in_a_reconstruction_folder_is_read():
    image_set = read_images(_formats("colmap_maupertuis"))
    assert len(image_set.images) == 4
    assert image_set.images[0].camera.model == "SIMPLE_PINHOLE"


def test_colmap_fisheye_rig_without_photos_is_refused_for_that_reason():
    with pytest.raises(DataError, match="none of the 6 listed photos is on disk"):
        read_images(_formats("colmap_t265_fisheye"))


def test_instant_ngp_export_with_missing_photos_is_read_with_a_warning():
    image_set = read_images(_formats("nerfstudio_fox"))
    assert (image_set.layout, len(image_set.images)) == ("nerfstudio", 10)
    assert image_set.images[0].camera.model == "OPENCV"
    assert any(s.startswith("57 (") and "of 67" in s for s in image_set.warnings)


def test_instant_ngp_poses_equal_those_of_the_same_capture_in_opencv_axes():
    image_set = read_images(_formats("nerfstudio_fox"))
    if not (DATA / "fox").is_dir():
        pytest.skip(f"{DATA / 'fox'} is absent (set NEUMAP_DATA)")
    other = read_images(DATA / "fox").by_name()
    both = [(image, other[image.name]) for image in image_set.images if image.name in other]
    assert len(both) >= 8
    for a, b in both:
        np.testing.assert_allclose(a.cam_from_world.matrix, b.cam_from_world.matrix, atol=1e-6)


def test_seven_scenes_folder_is_read_with_its_split():
    image_set = read_images(_formats("7scenes_stairs") / "stairs")
    assert (image_set.layout, image_set.units, len(image_set.images)) == ("7scenes", "metre", 12)
    split = Split.of(image_set)
    assert {name.split("/")[0] for name in split.map_names} == {"seq-02", "seq-03"}
    assert {name.split("/")[0] for name in split.query_names} == {"seq-01", "seq-04"}
    assert any("585" in sentence for sentence in image_set.warnings)
    depth = image_set.images[0].depth
    assert depth is not None
    depth_m = load_depth(depth)
    assert 0.2 < float(np.nanmedian(depth_m)) < 10
    assert np.isnan(depth_m).any()


def test_the_folder_above_a_scene_points_at_the_scene():
    with pytest.raises(DataError, match="but stairs below it has"):
        read_images(_formats("7scenes_stairs"))


def test_aachen_folder_is_read_with_database_and_queries():
    image_set = read_images(_formats("aachen_v1"))
    assert (image_set.layout, image_set.units, len(image_set.images)) == ("aachen", "metre", 7)
    split = Split.of(image_set)
    assert len(split.map_names) == 3
    assert all(name.startswith("images_upright/db/") for name in split.map_names)
    by_name = image_set.by_name()
    query = by_name["images_upright/query/day/milestone/2011-12-17_14-50-43_241.jpg"]
    assert query.name in split.query_names
    assert query.cam_from_world is None
    assert query.camera.params == (971.838, 384, 512, -0.00177789)
    assert any("aachen_cvpr2018_db.nvm was read" in sentence for sentence in image_set.warnings)


def test_aachen_poses_equal_those_of_its_kapture_form(tmp_path):
    source = _formats("aachen_v1")
    for part in ("training", "query"):
        shutil.copytree(source / "kapture" / part, tmp_path / part)
        (tmp_path / part / "sensors" / "records_data").symlink_to(source / "images_upright")
    other = {Path(image.name).name: image for image in read_images(tmp_path).images}
    image_set = read_images(source)
    for image in image_set.images:
        twin = other[Path(image.name).name]
        if image.cam_from_world is None:
            assert (twin.cam_from_world, twin.camera) == (None, image.camera)
            continue
        gap = image.cam_from_world.matrix - twin.cam_from_world.matrix
        assert np.abs(gap).max() < 2e-3  # centres of six digits, 700 m from the origin
        # the kapture form keeps the first term of the distortion only
        assert abs(image.camera.focal_px / twin.camera.focal_px - 1) < 1e-9


def test_kapture_of_one_camera_equals_its_colmap_model():
    image_set = read_images(_formats("kapture_maupertuis"))
    assert (image_set.layout, image_set.units) == ("kapture", "unknown")
    other = read_images(_formats("colmap_maupertuis"))
    for a, b in zip(image_set.images, other.images, strict=True):
        assert Path(a.name).name == Path(b.name).name
        np.testing.assert_allclose(a.cam_from_world.matrix, b.cam_from_world.matrix, atol=1e-5)
        assert a.camera.model == b.camera.model == "SIMPLE_PINHOLE"


def test_kapture_rig_equals_its_colmap_model():
    image_set = read_images(_formats("kapture_t265_rig"))
    assert {image.camera.model for image in image_set.images} == {"OPENCV_FISHEYE"}
    model = read_text_model(_formats("colmap_t265_fisheye"))
    poses = {image.name: image.cam_from_world for image in model.images}
    assert len(image_set.images) == len(poses) == 6
    for image in image_set.images:
        side = "leftraw" if "/cam001/" in image.name else "rightraw"
        pose = poses[f"{side}/{image.path.name}"]
        np.testing.assert_allclose(image.cam_from_world.matrix, pose.matrix, atol=1e-5)


def _matched_pairs(image_set, change):
    """Observed matches of neighbouring photos, with poses misread by `change`."""
    pycolmap = pytest.importorskip("pycolmap")
    model = pycolmap.Reconstruction(image_set.root / "sparse")
    pairs = []
    for a, b in pairwise(image_set.images):
        seen = []
        for image in (a, b):
            points = model.find_image_with_name(Path(image.name).name).points2D
            seen.append({p.point3D_id: p.xy for p in points if p.has_point3D()})
        both = sorted(set(seen[0]) & set(seen[1]))[:200]
        xy = [np.array([of[key] for key in both]) for of in seen]
        pairs.append(
            MatchedPair(
                change(a.cam_from_world),
                change(b.cam_from_world),
                a.camera.cam_from_img(xy[0]),
                b.camera.cam_from_img(xy[1]),
                a.camera.focal_px,
            )
        )
    return pairs


def test_poses_of_a_real_capture_pass_the_convention_check():
    pairs = _matched_pairs(read_images(_formats("colmap_lund_door")), lambda pose: pose)
    report = check_convention(pairs, subject="lund_door")
    assert report.best.convention == "as given"
    assert report.best.residual_px < 1
    assert report.best.in_front > 0.99


_FLIP = RigidTransform(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
MISREAD = {
    "the matrices are world-to-camera": lambda pose: pose.inverse(),
    "the camera axes are OpenGL": lambda pose: _FLIP @ pose,
    "the matrices are inverted": lambda pose: (_FLIP @ pose).inverse(),
}


@pytest.mark.parametrize("meaning", MISREAD)
def test_misread_poses_of_a_real_capture_are_named(meaning):
    pairs = _matched_pairs(read_images(_formats("colmap_lund_door")), MISREAD[meaning])
    with pytest.raises(PoseError, match=meaning):
        check_convention(pairs, subject="lund_door")


SETS = {
    "fox": (50, "unknown", False),
    "lund_door": (12, "unknown", False),
    "redkitchen": (1000, "metre", True),
    "shelf50": (50, "metre", True),
    "strecha_Herz-Jesus-P25": (25, "metre", False),
    "strecha_fountain-P11": (11, "metre", False),
}


@pytest.mark.parametrize("name", SETS)
def test_posed_image_sets_are_read_whole(name):
    if not (DATA / name).is_dir():
        pytest.skip(f"{DATA / name} is absent (set NEUMAP_DATA)")
    image_set = read_images(DATA / name)
    depths = [image.depth for image in image_set.images]
    # redkitchen has depth for some frames only
    found = (len(image_set.images), image_set.units, any(depth is not None for depth in depths))
    assert found == SETS[name]
    assert not any("depth" in sentence for sentence in image_set.warnings)
    for image in image_set.images:
        rotation = image.cam_from_world.rotation
        assert np.abs(rotation @ rotation.T - np.eye(3)).max() < 1e-12
