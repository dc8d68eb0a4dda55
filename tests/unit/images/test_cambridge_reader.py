import numpy as np
import pytest

from layout_writers import save_photo
from neumap.errors import DataError
from neumap.images import Split, read_images


@pytest.fixture
def root(write_layout):
    return write_layout("cambridge")


def edit(path, old, new):
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1))


def test_the_two_lists_are_the_given_split(root):
    split = Split.of(read_images(root))
    assert split.map_names == tuple(f"seq1/frame{i:05d}.png" for i in (1, 2, 3, 4))
    assert split.query_names == ("seq2/frame00005.png", "seq2/frame00006.png")


def test_focal_lengths_and_distortion_are_those_of_each_photo(root):
    edit(root / "reconstruction.nvm", "frame00003.jpg 60.0", "frame00003.jpg 66.0")
    cameras = [image.camera for image in read_images(root).images]
    assert [camera.fx for camera in cameras] == [60, 60, 66, 60, 60, 60]


def test_resized_photos_of_the_original_aspect_get_resized_focal_lengths(root):
    for path in root.glob("seq*/*.png"):
        save_photo(path, np.zeros((270, 480, 3), np.uint8))
    for line in range(6):
        edit(
            root / "reconstruction.nvm",
            f"frame0000{line + 1}.jpg 60.0",
            f"frame0000{line + 1}.jpg 1600.0",
        )
    image_set = read_images(root)
    assert image_set.images[0].camera.params == (400, 240, 135)
    assert any("intrinsics were scaled" in sentence for sentence in image_set.warnings)


def test_a_photo_that_the_model_lacks_gets_the_median_focal_length_and_a_warning(root):
    edit(root / "reconstruction.nvm", "frame00003.jpg", "frame00099.jpg")
    image_set = read_images(root)
    assert len(image_set.images) == 6
    assert any("seq1/frame00003.png" in s and "median focal" in s for s in image_set.warnings)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "dataset_train.txt",
            "ImageFile, Camera",
            "Image Camera",
            "dataset_train.txt: has no head",
        ),
        ("dataset_train.txt", "frame00002.png ", "frame00002.png 1 ", "line 5: has 9 fields"),
        ("dataset_test.txt", "frame00006.png ", "frame00006.png x", "line 5, field 2"),
        ("dataset_train.txt", "frame00002", "frame00001", "line 5: seq1/frame00001.png is listed"),
        ("dataset_train.txt", "seq1/frame00002", "/seq1/frame00002", "is not a path inside"),
        ("reconstruction.nvm", "NVM_V3", "NVM", "begins with NVM"),
        ("reconstruction.nvm", "jpg 60.0", "jpg -60.0", "line 4: focal lengths"),
    ],
)
def test_malformed_files_are_refused_by_line(root, name, old, new, message):
    edit(root / name, old, new)
    with pytest.raises(DataError, match=message):
        read_images(root)


def test_faults_of_all_three_files_are_listed_at_once(root):
    edit(root / "dataset_train.txt", "frame00002.png ", "frame00002.png 1 ")
    edit(root / "dataset_test.txt", "frame00006.png ", "frame00006.png x")
    edit(root / "reconstruction.nvm", "frame00004.jpg 60", "frame00004.jpg x")
    with pytest.raises(DataError) as caught:
        read_images(root)
    subjects = [fault.subject.split("/")[-1].split(",")[0] for fault in caught.value.faults]
    assert subjects == ["dataset_train.txt", "dataset_test.txt", "reconstruction.nvm"]


def test_a_scene_without_its_model_is_refused(root):
    (root / "reconstruction.nvm").unlink()
    with pytest.raises(DataError, match=r"reconstruction.nvm: does not exist"):
        read_images(root)


def test_a_quaternion_that_is_not_one_is_refused(root):
    lines = (root / "dataset_train.txt").read_text().splitlines()
    fields = lines[3].split()
    lines[3] = " ".join([*fields[:4], "0.1", "0", "0", "0"])
    (root / "dataset_train.txt").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=r"line 4: the quaternion has norm 0\.1"):
        read_images(root)
