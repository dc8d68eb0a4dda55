"""Cameras with the distortion of every COLMAP model; pixels are corner-origin.

Pinhole models are computed here; distorted ones by pycolmap, which owns their definition.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from neumap.errors import CameraError

PARAM_NAMES: dict[str, tuple[str, ...]] = {
    "SIMPLE_PINHOLE": ("f", "cx", "cy"),
    "PINHOLE": ("fx", "fy", "cx", "cy"),
    "SIMPLE_RADIAL": ("f", "cx", "cy", "k"),
    "RADIAL": ("f", "cx", "cy", "k1", "k2"),
    "OPENCV": ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2"),
    "FULL_OPENCV": (*("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2"), *("k3", "k4", "k5", "k6")),
    "OPENCV_FISHEYE": ("fx", "fy", "cx", "cy", "k1", "k2", "k3", "k4"),
    "SIMPLE_RADIAL_FISHEYE": ("f", "cx", "cy", "k"),
    "RADIAL_FISHEYE": ("f", "cx", "cy", "k1", "k2"),
    "SIMPLE_FISHEYE": ("f", "cx", "cy"),
    "FISHEYE": ("fx", "fy", "cx", "cy"),
    "THIN_PRISM_FISHEYE": (
        *("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2"),
        *("k3", "k4", "sx1", "sy1"),
    ),
    "RAD_TAN_THIN_PRISM_FISHEYE": (
        *("fx", "fy", "cx", "cy", "k0", "k1", "k2", "k3", "k4", "k5"),
        *("p0", "p1", "s0", "s1", "s2", "s3"),
    ),
    "FOV": ("fx", "fy", "cx", "cy", "omega"),
    "EUCM": ("fx", "fy", "cx", "cy", "alpha", "beta"),
    "DIVISION": ("fx", "fy", "cx", "cy", "k"),
    "SIMPLE_DIVISION": ("f", "cx", "cy", "k"),
}
"""Parameter names of each COLMAP camera model with a focal length, in storage order."""

FOLD_GAP = 1e-3
"""Largest difference between a direction and the one its pixel is undistorted to."""

ROUND_TRIP_PX = 0.05
"""A pixel whose undistortion does not project back this near has no inverse."""


@dataclass(frozen=True)
class Camera:
    """Intrinsics of the stored pixels of one image size.

    Raises CameraError on an unknown model, a wrong number of parameters, numbers that are not
    finite, a focal length <= 0, a size < 1, a horizontal field of view outside 3 to 175 degrees
    or a principal point further than 50 % of the size from the centre.
    """

    model: str
    """COLMAP model name, e.g. PINHOLE or OPENCV_FISHEYE."""
    width: int
    height: int
    params: tuple[float, ...]
    """Values in the order of `PARAM_NAMES[model]`, in pixels where that applies."""

    def __post_init__(self) -> None:
        """Refuse impossible intrinsics."""
        reason = self._defect()
        if reason is not None:
            raise CameraError(f"camera {self.model}", reason, "Correct the camera's parameters.")

    def _defect(self) -> str | None:
        names = PARAM_NAMES.get(self.model)
        if names is None:
            known = ", ".join(sorted(PARAM_NAMES))
            return f"unknown camera model {self.model!r}, known are {known}"
        if len(self.params) != len(names):
            return f"{len(self.params)} parameters, expected {len(names)} ({', '.join(names)})"
        if not np.isfinite(self.params).all():
            return f"parameters {self.params} hold NaN or infinite numbers"
        if self.width < 1 or self.height < 1:
            return f"size {self.width} x {self.height} is empty"
        if min(self.fx, self.fy) <= 0:
            return f"focal lengths {self.fx} and {self.fy} must be positive"
        hfov_deg = 2 * np.degrees(np.arctan(0.5 * self.width / self.fx))
        if not 3 <= hfov_deg <= 175:
            return (
                f"focal length {self.fx} at width {self.width} px gives a {hfov_deg:.1f} deg view"
            )
        offset_x = abs(self.cx / self.width - 0.5)
        offset_y = abs(self.cy / self.height - 0.5)
        if max(offset_x, offset_y) > 0.5:
            return f"principal point ({self.cx}, {self.cy}) is off the image"
        return None

    @classmethod
    def pinhole(
        cls, width: int, height: int, *, fx: float, fy: float, cx: float, cy: float
    ) -> "Camera":
        """Build an undistorted camera; all lengths in pixels."""
        return cls("PINHOLE", width, height, (float(fx), float(fy), float(cx), float(cy)))

    def _param(self, *names: str) -> float:
        own = PARAM_NAMES[self.model]
        return next(self.params[own.index(name)] for name in names if name in own)

    @property
    def fx(self) -> float:
        """Focal length along x in pixels."""
        return self._param("fx", "f")

    @property
    def fy(self) -> float:
        """Focal length along y in pixels."""
        return self._param("fy", "f")

    @property
    def cx(self) -> float:
        """Principal point x in pixels."""
        return self._param("cx")

    @property
    def cy(self) -> float:
        """Principal point y in pixels."""
        return self._param("cy")

    @property
    def focal_px(self) -> float:
        """Mean focal length in pixels: turns normalised lengths into pixels."""
        return 0.5 * (self.fx + self.fy)

    @property
    def is_pinhole(self) -> bool:
        """Whether the model has no distortion."""
        return self.model in ("PINHOLE", "SIMPLE_PINHOLE")

    @cached_property
    def _colmap(self) -> Any:  # noqa: ANN401  pycolmap ships no complete type stubs
        import pycolmap  # absent on Linux ARM, where pinhole cameras still work

        return pycolmap.Camera(
            model=self.model, width=self.width, height=self.height, params=list(self.params)
        )

    def cam_from_img(self, xy_img: Float[np.ndarray, "pixel 2"]) -> Float[np.ndarray, "pixel 2"]:
        """Undistort pixels to normalised coordinates (x/z, y/z).

        Rays at or beyond 90 degrees from the axis, and pixels without inverse, give NaN.
        """
        if self.is_pinhole:
            return (xy_img - (self.cx, self.cy)) / (self.fx, self.fy)
        if len(xy_img) == 0:
            return np.zeros((0, 2))
        normalised = self._undistorted(xy_img)
        # Beyond 90 degrees pycolmap returns finite numbers that belong to another pixel.
        back = self._distorted(np.column_stack([normalised, np.ones(len(normalised))]))
        is_inverse = np.abs(back - xy_img).max(axis=1) < ROUND_TRIP_PX
        return np.where(is_inverse[:, None], normalised, np.nan)

    def _undistorted(self, xy_img: np.ndarray) -> np.ndarray:
        out = self._colmap.cam_from_img(np.ascontiguousarray(xy_img, dtype=np.float64))
        return np.asarray(out, dtype=np.float64).reshape(-1, 2)

    def _distorted(self, xyz_in_cam: np.ndarray) -> np.ndarray:
        out = self._colmap.img_from_cam(np.ascontiguousarray(xyz_in_cam, dtype=np.float64))
        return np.asarray(out, dtype=np.float64).reshape(-1, 2)

    def img_from_cam(
        self, xyz_in_cam: Float[np.ndarray, "point 3"]
    ) -> Float[np.ndarray, "point 2"]:
        """Project points (camera frame) to pixels; points at or behind the camera give NaN.

        So do points far outside the view that a distortion polynomial folds back onto the image.
        """
        z = xyz_in_cam[:, 2:]
        in_front = z[:, 0] > 1e-9
        if self.is_pinhole:
            with np.errstate(divide="ignore", invalid="ignore"):
                out = xyz_in_cam[:, :2] / z * (self.fx, self.fy) + (self.cx, self.cy)
        elif len(xyz_in_cam) == 0:
            return np.zeros((0, 2))
        else:
            out = self._distorted(xyz_in_cam)
            in_front &= ~self._is_folded(xyz_in_cam, out)
        return np.where(in_front[:, None], out, np.nan)

    def _is_folded(self, xyz_in_cam: np.ndarray, xy_img: np.ndarray) -> np.ndarray:
        # Only on the image can a false pixel be mistaken for a true one.
        on_image = ((xy_img >= 0) & (xy_img <= (self.width, self.height))).all(axis=1)
        on_image &= xyz_in_cam[:, 2] > 1e-9
        is_folded = np.zeros(len(xy_img), dtype=bool)
        if on_image.any():
            direction = xyz_in_cam[on_image, :2] / xyz_in_cam[on_image, 2:]
            gap = np.abs(self._undistorted(xy_img[on_image]) - direction).max(axis=1)
            # A fold is far off; the allowance covers how steep the tangent is at wide angles.
            is_folded[on_image] = ~(gap < FOLD_GAP * (1 + (direction**2).sum(axis=1)))
        return is_folded

    def scaled(self, width: int, height: int) -> "Camera":
        """Return the camera of the same picture resized to width x height pixels."""
        scale_x, scale_y = width / self.width, height / self.height
        if "f" in PARAM_NAMES[self.model] and abs(scale_x / scale_y - 1) > 0.02:
            raise CameraError(
                f"camera {self.model}",
                f"cannot be resized from {self.width} x {self.height} to {width} x {height}",
                "Use a model with separate fx and fy, or keep the aspect ratio.",
            )
        factor = {"fx": scale_x, "cx": scale_x, "f": scale_x, "fy": scale_y, "cy": scale_y}
        params = tuple(
            value * factor.get(name, 1.0)
            for name, value in zip(PARAM_NAMES[self.model], self.params, strict=True)
        )
        return Camera(self.model, width, height, params)
