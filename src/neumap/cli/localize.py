"""`neumap localize`: photos to camera poses in a map."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from neumap.cli import exit_codes
from neumap.cli.camera_option import read_camera_option
from neumap.cli.console import print_json, progress_bars, report_faults, warn
from neumap.cli.map_options import LocalizeOptions
from neumap.cli.one_thread import one_thread
from neumap.cli.printed_map import PrintedMap
from neumap.errors import NeumapError, OptionError
from neumap.evaluation.prediction import camera_to_json
from neumap.geometry import Camera
from neumap.images.exif import camera_from_exif, orientation_warning
from neumap.pose import PoseEstimate, PoseFailure
from neumap.scene_map import Map

CameraSource = Literal["given", "exif", "estimated"]

_SOURCE_TEXT: dict[CameraSource, str] = {
    "given": "as given",
    "exif": "focal length from EXIF",
    "estimated": "focal length not known: estimated with the pose",
}


@dataclass(frozen=True, eq=False)
class _Answer:
    photo: Path
    camera_source: CameraSource
    result: PoseEstimate | PoseFailure
    error: NeumapError | None = None
    """Set where the photo or its camera cannot be used at all."""
    warning: str | None = None
    """What the user should know of the photo."""


def run(options: LocalizeOptions) -> int:
    """Localise every photo; a bad photo does not stop the others."""
    if not options.photos:
        raise OptionError("PHOTO", "no photo is named", "Name at least one JPEG or PNG file.")
    camera = None if options.camera is None else read_camera_option(options.camera)
    scene_map = Map.load(options.map, quality=options.quality, engine=options.engine)
    answers: list[_Answer] = []
    with progress_bars(quiet=options.quiet) as progress, one_thread():
        for photo in options.photos:
            answers.append(_localize(scene_map, photo, camera))
            progress("photos", len(answers), len(options.photos))
    warn([answer.warning for answer in answers if answer.warning is not None])
    if options.as_json:
        content = [_answer_json(answer) for answer in answers]
        print_json({"map": str(options.map), "units": scene_map.units, "photos": content})
    else:
        unit = "m" if scene_map.units == "metre" else "scene units"
        print("\n".join(_answer_text(answer, unit) for answer in answers))
    return _exit_code(answers)


def _localize(scene_map: PrintedMap, photo: Path, given: Camera | None) -> _Answer:
    source: CameraSource = "given"
    try:
        camera = given
        if camera is None:
            camera = camera_from_exif(photo)
            source = "estimated" if camera is None else "exif"
        result = scene_map.localize(photo, camera=camera)
        return _Answer(photo, source, result, warning=orientation_warning(photo))
    except NeumapError as error:
        return _Answer(photo, source, PoseFailure(str(error)), error)


def _exit_code(answers: list[_Answer]) -> int:
    errors = [answer.error for answer in answers if answer.error is not None]
    for error in errors:
        report_faults(error)
    if errors:
        return exit_codes.BAD_INPUT
    if any(isinstance(answer.result, PoseFailure) for answer in answers):
        return exit_codes.FAILED
    return exit_codes.OK


def _answer_text(answer: _Answer, unit: str) -> str:
    result = answer.result
    if isinstance(result, PoseFailure):
        hint = ""
        if answer.error is None and answer.camera_source != "given":
            hint = "\n  Giving the photo's camera with --camera may help."
        return f"{answer.photo}: not localised\n  {result.reason}{hint}"
    pose, camera = result.cam_from_world, result.camera
    center, quat_wxyz, translation = (
        " ".join(f"{round(float(value), 5) + 0.0:.5f}" for value in values)  # + 0.0: no "-0"
        for values in (pose.center_in_source, pose.quat_wxyz, pose.translation)
    )
    milliseconds = sum(ms for stage, ms in result.timings_ms.items() if stage != "decode")
    return (
        f"{answer.photo}: localised, {result.num_inliers} inliers of "
        f"{len(result.correspondences)} pairs, {milliseconds:.0f} ms\n"
        f"  camera centre in the map: {center} ({unit})\n"
        f"  cam_from_world: quat_wxyz {quat_wxyz}, translation {translation}\n"
        f"  camera: {camera.model} {camera.width} x {camera.height}, focal {camera.focal_px:.1f} px"
        f" ({_SOURCE_TEXT[answer.camera_source]})"
    )


def _answer_json(answer: _Answer) -> dict[str, object]:
    result = answer.result
    content: dict[str, object] = {
        "photo": str(answer.photo),
        "status": "failed" if isinstance(result, PoseFailure) else "ok",
        "reason": result.reason if isinstance(result, PoseFailure) else "",
        "camera_source": answer.camera_source,
        "timings_ms": {stage: round(ms, 3) for stage, ms in result.timings_ms.items()},
    }
    if isinstance(result, PoseFailure):
        return {
            **content,
            "is_bad_input": answer.error is not None,
            "cam_from_world": None,
            "num_inliers": result.num_inliers,
            "num_correspondences": result.num_correspondences,
        }
    pose = result.cam_from_world
    return {
        **content,
        "is_bad_input": False,
        "cam_from_world": {
            "quat_wxyz": pose.quat_wxyz.tolist(),
            "translation": pose.translation.tolist(),
        },
        "camera_center": pose.center_in_source.tolist(),
        "camera": camera_to_json(result.camera),
        "num_inliers": result.num_inliers,
        "num_correspondences": len(result.correspondences),
        "inlier_ratio": result.inlier_ratio,
    }
