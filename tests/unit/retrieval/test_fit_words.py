import numpy as np
from PIL import Image

from neumap.geometry import Camera, RigidTransform
from neumap.images import ImageSet, PosedImage
from neumap.retrieval import fit_words
from neumap.retrieval.visual_words import VisualWords


def test_words_of_captures_are_written(tmp_path, monkeypatch):
    camera = Camera.pinhole(160, 128, fx=100.0, fy=100.0, cx=80.0, cy=64.0)
    rng = np.random.default_rng(0)
    for capture in ("a", "b"):
        (tmp_path / capture).mkdir()
        for idx in range(3):
            noise = rng.integers(0, 255, (16, 20, 3)).astype(np.uint8)
            image = Image.fromarray(noise).resize((160, 128))
            image.save(tmp_path / capture / f"{idx}.png")

    def read_images(folder):
        pose = RigidTransform(np.eye(3), np.zeros(3))
        images = [PosedImage(p.name, p, camera, pose) for p in sorted(folder.iterdir())]
        return ImageSet(folder, "made", "ours", "metre", tuple(images))

    monkeypatch.setattr(fit_words, "read_images", read_images)
    for out in ("one", "two"):
        fit_words.main(
            fit_words.Options(
                captures=(tmp_path / "b", tmp_path / "a"),
                out=tmp_path / out,
                num_words=4,
                photos_per_capture=2,
                descriptors_per_photo=40,
            )
        )
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    words = VisualWords.read((tmp_path / "one").read_bytes(), name="one")
    assert words.centres.shape == (4, 64)
