"""What one query returned, as a record and as one line of a predictions file."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from neumap.errors import CameraError
from neumap.geometry import Camera, RigidTransform
from neumap.pose import PoseEstimate, PoseFailure

Status = Literal["ok", "failed"]

MAX_PAIRS = 300
"""Inlier pairs kept for the report; more would not be seen in a picture of 640 pixels."""


@dataclass(frozen=True, eq=False)
class InlierPairs:
    """The correspondences a pose rests on, rounded, at most `MAX_PAIRS`."""

    xy_img: Float[np.ndarray, "pair 2"]
    """Stored pixels, corner origin."""
    xyz_in_world: Float[np.ndarray, "pair 3"]
    residuals_px: Float[np.ndarray, " pair"]
    """Reprojection errors under the estimated pose."""
    confidence: Float[np.ndarray, " pair"]
    """The decoder's confidence in each pair, in [0, 1]."""

    @classmethod
    def none(cls) -> "InlierPairs":
        """Return zero pairs."""
        return cls(np.zeros((0, 2)), np.zeros((0, 3)), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Prediction:
    """One query's answer; a failure has a reason and no pose."""

    name: str
    status: Status
    reason: str
    """Empty for a pose, else the sentence that says why there is none."""
    cam_from_world: RigidTransform | None
    camera: Camera | None
    """The camera the pose was solved with."""
    num_inliers: int
    num_correspondences: int
    inlier_ratio: float
    timings_ms: dict[str, float]
    pairs: InlierPairs = field(default_factory=InlierPairs.none)

    @classmethod
    def from_result(cls, name: str, result: PoseEstimate | PoseFailure) -> "Prediction":
        """Keep what scoring and the report need of a localisation."""
        if isinstance(result, PoseFailure):
            ratio = result.num_inliers / max(result.num_correspondences, 1)
            return cls(
                name=name,
                status="failed",
                reason=result.reason,
                cam_from_world=None,
                camera=None,
                num_inliers=result.num_inliers,
                num_correspondences=result.num_correspondences,
                inlier_ratio=ratio,
                timings_ms=dict(result.timings_ms),
            )
        return cls(
            name=name,
            status="ok",
            reason="",
            cam_from_world=result.cam_from_world,
            camera=result.camera,
            num_inliers=result.num_inliers,
            num_correspondences=len(result.correspondences),
            inlier_ratio=result.inlier_ratio,
            timings_ms=dict(result.timings_ms),
            pairs=_thinned_pairs(result),
        )

    @classmethod
    def failed(cls, name: str, reason: str) -> "Prediction":
        """Return the failure of a query that could not even be tried."""
        return cls.from_result(name, PoseFailure(reason))

    @property
    def query_ms(self) -> float | None:
        """Time from the decoded image to the answer; None where it was not measured."""
        stages = [ms for stage, ms in self.timings_ms.items() if stage != "decode"]
        return sum(stages) if stages else None

    def to_json(self) -> str:
        """Write one line of JSON; `from_json` reads it back."""
        pose = self.cam_from_world
        content = {
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "cam_from_world": None
            if pose is None
            else {
                "quat_wxyz": [float(v) for v in pose.quat_wxyz],
                "translation": [float(v) for v in pose.translation],
            },
            "camera": None if self.camera is None else camera_to_json(self.camera),
            "num_inliers": self.num_inliers,
            "num_correspondences": self.num_correspondences,
            "inlier_ratio": round(self.inlier_ratio, 6),
            "timings_ms": {stage: round(ms, 3) for stage, ms in self.timings_ms.items()},
            "pairs": {
                "xy_img": self.pairs.xy_img.tolist(),
                "xyz_in_world": self.pairs.xyz_in_world.tolist(),
                "residuals_px": self.pairs.residuals_px.tolist(),
                "confidence": self.pairs.confidence.tolist(),
            },
        }
        return json.dumps(content, allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> "Prediction":
        """Read one line.

        Raises ValueError (KeyError and TypeError turned into it) that says what is wrong.
        """
        try:
            return _from_fields(json.loads(line))
        except KeyError as error:
            raise ValueError(f"field {error} is missing") from error
        except (TypeError, AttributeError, CameraError) as error:
            raise ValueError(f"a field has a wrong type or value ({error})") from error


def camera_to_json(camera: Camera) -> dict[str, object]:
    """Return the camera as plain JSON values."""
    return {
        "model": camera.model,
        "width": camera.width,
        "height": camera.height,
        "params": list(camera.params),
    }


def _from_fields(raw: Any) -> Prediction:  # noqa: ANN401  JSON, checked field by field here
    status = raw["status"]
    if status not in ("ok", "failed"):
        raise ValueError(f"status is {status!r}, expected ok or failed")
    pose, camera, pairs = raw["cam_from_world"], raw["camera"], raw["pairs"]
    if (pose is None) != (status == "failed"):
        raise ValueError("a pose must be there exactly when status is ok")
    transform = None
    if pose is not None:
        quat_wxyz = np.array(pose["quat_wxyz"], dtype=np.float64).reshape(4)
        translation = np.array(pose["translation"], dtype=np.float64).reshape(3)
        if not np.isfinite([*quat_wxyz, *translation]).all() or not quat_wxyz.any():
            raise ValueError("the pose holds NaN or infinite numbers, or a zero quaternion")
        transform = RigidTransform.from_quat_wxyz(quat_wxyz, translation)
    return Prediction(
        name=str(raw["name"]),
        status=status,
        reason=str(raw["reason"]),
        cam_from_world=transform,
        camera=None if camera is None else _camera(camera),
        num_inliers=int(raw["num_inliers"]),
        num_correspondences=int(raw["num_correspondences"]),
        inlier_ratio=float(raw["inlier_ratio"]),
        timings_ms={str(stage): float(ms) for stage, ms in raw["timings_ms"].items()},
        pairs=InlierPairs(
            np.array(pairs["xy_img"], dtype=np.float64).reshape(-1, 2),
            np.array(pairs["xyz_in_world"], dtype=np.float64).reshape(-1, 3),
            np.array(pairs["residuals_px"], dtype=np.float64).reshape(-1),
            np.array(pairs["confidence"], dtype=np.float64).reshape(-1),
        ),
    )


def _camera(raw: Any) -> Camera:  # noqa: ANN401  JSON; Camera checks the values
    params = tuple(float(value) for value in raw["params"])
    return Camera(str(raw["model"]), int(raw["width"]), int(raw["height"]), params)


def _thinned_pairs(result: PoseEstimate) -> InlierPairs:
    keep = np.flatnonzero(result.is_inlier & np.isfinite(result.residuals_px))
    if len(keep) > MAX_PAIRS:
        # even steps through the confidence order, so that weak pairs are shown as well
        keep = keep[np.linspace(0, len(keep) - 1, MAX_PAIRS).round().astype(np.int64)]
    pairs = result.correspondences
    return InlierPairs(
        np.asarray(pairs.xy_img[keep], dtype=np.float64).round(2),
        _rounded(np.asarray(pairs.xyz_in_world[keep], dtype=np.float64)),
        np.asarray(result.residuals_px[keep], dtype=np.float64).round(3),
        np.asarray(pairs.confidence[keep], dtype=np.float64).round(3),
    )


def _rounded(xyz: Float[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
    """Keep about 5 digits of the points' extent: units may be metres or anything else."""
    extent = float(np.ptp(xyz, axis=0).max()) if len(xyz) else 0.0
    if extent <= 0:
        return xyz
    return xyz.round(max(0, 5 - int(np.floor(np.log10(extent)))))
