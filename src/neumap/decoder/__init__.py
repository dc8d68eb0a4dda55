"""Decoders that read scene coordinates of pixels from codes, shared by all scenes.

In: LocalFeatures, codes.  Out: SceneCoordinates.
"""
