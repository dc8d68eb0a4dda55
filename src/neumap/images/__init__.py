"""Readers of the layouts users have.

In: a folder on disk.  Out: ImageSet of PosedImage records, photos as stored.
"""

from neumap.images.posed_image import DepthSource as DepthSource
from neumap.images.posed_image import ImageSet as ImageSet
from neumap.images.posed_image import PosedImage as PosedImage
from neumap.images.split import Split as Split
