"""Recordings that are one file, as folders of photos, depth and poses.

In: a .sens file of ScanNet or a ROS bag.  Out: a new folder in a layout that `neumap.images` reads.
"""
