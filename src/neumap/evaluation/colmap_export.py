"""Localised queries as a COLMAP text model without points."""

from collections.abc import Sequence

from neumap.evaluation.posed_query import PosedQuery, numbered_cameras, numbers


def colmap_files(queries: Sequence[PosedQuery]) -> dict[str, str]:
    """Return cameras.txt, images.txt and points3D.txt by name; poses are cam_from_world.

    Rigs and frames are left out, as in models of COLMAP before 3.12, which newer ones read too.
    """
    cameras = numbered_cameras(queries)
    camera_lines = [
        "# Camera list with one line of data per camera:",
        "#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]",
        f"# Number of cameras: {len(cameras)}",
        *(
            f"{number} {camera.model} {camera.width} {camera.height} {numbers(*camera.params)}"
            for camera, number in cameras.items()
        ),
    ]
    image_lines = [
        "# Image list with two lines of data per image:",
        "#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME",
        "#   POINTS2D[] as (X, Y, POINT3D_ID)",
        f"# Number of images: {len(queries)}, mean observations per image: 0",
    ]
    for number, query in enumerate(queries, start=1):
        pose = query.cam_from_world
        values = numbers(*pose.quat_wxyz, *pose.translation)
        # the empty line is the image's list of 2D points
        image_lines += [f"{number} {values} {cameras[query.camera]} {query.name}", ""]
    point_lines = [
        "# 3D point list with one line of data per point:",
        "#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)",
        "# Number of points: 0, mean track length: 0",
    ]
    return {
        "cameras.txt": "".join(f"{line}\n" for line in camera_lines),
        "images.txt": "".join(f"{line}\n" for line in image_lines),
        "points3D.txt": "".join(f"{line}\n" for line in point_lines),
    }
