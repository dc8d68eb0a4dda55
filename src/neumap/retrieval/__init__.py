"""Photos that may show the same place, by one vector a photo.

In: PosedImage, LocalFeatures.  Out: global descriptors, an index of them, pairs of photo names.
"""

from neumap.retrieval.descriptor_index import DescriptorIndex as DescriptorIndex
from neumap.retrieval.global_descriptor import AbstractGlobalDescriptor as AbstractGlobalDescriptor
from neumap.retrieval.pair_file import read_pairs as read_pairs
from neumap.retrieval.pair_file import write_pairs as write_pairs
from neumap.retrieval.photo_pairs import nearest_photos as nearest_photos
from neumap.retrieval.vlad import VladDescriptor as VladDescriptor
