"""3D points of a scene, which photos show them, and the voxels that hold them.

In: PosedImage, LocalFeatures.  Out: Scene (MappingView, ScenePoints), VoxelGrid.
"""

from neumap.scene.scene import MappingView as MappingView
from neumap.scene.scene import Scene as Scene
from neumap.scene.scene import ScenePoints as ScenePoints
