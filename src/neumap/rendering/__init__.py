"""Rendered scenes with exact geometry: for the demo, the tests and pre-training.

In: a seed.  Out: RenderedView, or a capture folder (photos, depth, cameras.json, split.json).
"""

from neumap.rendering.capture import CaptureSpec as CaptureSpec
from neumap.rendering.capture import write_capture as write_capture
from neumap.rendering.corridor import build_corridor as build_corridor
from neumap.rendering.courtyard import build_courtyard as build_courtyard
from neumap.rendering.demo import demo_capture as demo_capture
from neumap.rendering.facade import build_facade as build_facade
from neumap.rendering.photo_planes import planes_of as planes_of
from neumap.rendering.place import Place as Place
from neumap.rendering.renderer import RenderedView as RenderedView
from neumap.rendering.renderer import render as render
from neumap.rendering.room import build_room as build_room
