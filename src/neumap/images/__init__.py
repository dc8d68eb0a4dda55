"""Readers of the layouts users have.

In: a folder on disk.  Out: ImageSet of PosedImage records, photos as stored.
"""

from neumap.images.checks import check_image_set as check_image_set
from neumap.images.checks import require_enough as require_enough
from neumap.images.convention_check import ConventionReport as ConventionReport
from neumap.images.convention_check import MatchedPair as MatchedPair
from neumap.images.convention_check import check_convention as check_convention
from neumap.images.detect import LAYOUTS as LAYOUTS
from neumap.images.detect import read_images as read_images
from neumap.images.exif import camera_from_exif as camera_from_exif
from neumap.images.exif import orientation_warning as orientation_warning
from neumap.images.photo import load_depth as load_depth
from neumap.images.photo import load_photo as load_photo
from neumap.images.photo import photo_size as photo_size
from neumap.images.posed_image import DepthSource as DepthSource
from neumap.images.posed_image import ImageSet as ImageSet
from neumap.images.posed_image import PosedImage as PosedImage
from neumap.images.sfm import pose_photos as pose_photos
from neumap.images.split import Split as Split
