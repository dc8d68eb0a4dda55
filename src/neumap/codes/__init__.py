"""Codes: the learned map of a scene.

In: Scene.  Out: DenseCodes or AnchoredCodes.
"""
