"""Local features of photos by a CNN shared by all scenes.

In: PosedImage.  Out: LocalFeatures.
"""

from neumap.features.extractor import AbstractExtractor as AbstractExtractor
from neumap.features.local_features import LocalFeatures as LocalFeatures
