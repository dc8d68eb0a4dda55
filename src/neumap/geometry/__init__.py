"""Rigid transforms, cameras, pixels and similarity alignment.

In: numbers.  Out: RigidTransform, Camera, Similarity.
"""

from neumap.geometry.camera import Camera as Camera
from neumap.geometry.rigid_transform import RigidTransform as RigidTransform
from neumap.geometry.similarity import Similarity as Similarity
