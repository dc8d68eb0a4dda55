"""One self-contained HTML page about one or more scenes; it needs no network and no other file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neumap.evaluation.error_curve import error_curves_svg, joint_curves_svg
from neumap.evaluation.joint_summary import join_scenes
from neumap.evaluation.page import page_template
from neumap.evaluation.query_picture import MAX_RESIDUAL_PX
from neumap.evaluation.scene_evidence import SceneEvidence as SceneEvidence
from neumap.evaluation.scene_evidence import (
    badness,
    evidence_map_svg,
    pictured_queries,
    worst_and_best,
)
from neumap.evaluation.summary import Summary

MAX_WORST = 4
PICTURE_PX = 480


@dataclass(frozen=True, eq=False)
class SceneReport:
    """One scene of the page."""

    title: str
    summary: Summary
    evidence: SceneEvidence | None = None
    """None shows figures and curves alone."""
    bytes_by_part: Mapping[str, int] | None = None
    warnings: tuple[str, ...] = ()


def render_report(title: str, scenes: Sequence[SceneReport]) -> str:
    """Return the page's HTML; pictures and curves are inside it.

    Several scenes get a summary table, common curves and a part each; their names (of the
    summaries) must differ, else DataError.
    """
    joint = join_scenes([scene.summary for scene in scenes])
    return page_template("report.html.j2").render(
        title=title,
        joint=joint,
        joint_curves=joint_curves_svg(joint, name="curves") if len(scenes) > 1 else "",
        scenes=[_scene_fields(scene, number) for number, scene in enumerate(scenes, start=1)],
        max_residual_px=MAX_RESIDUAL_PX,
    )


def _scene_fields(scene: SceneReport, number: int) -> dict[str, object]:
    summary, evidence = scene.summary, scene.evidence
    unit = "m" if summary.units == "metre" else "scene units"
    worst, best = worst_and_best(summary.scores, max_worst=MAX_WORST)
    above, worst_pictures, best_pictures = "", [], []
    if evidence is not None:
        above = evidence_map_svg(evidence, unit=unit, name=f"above{number}")
        worst_pictures, best_pictures = (
            pictured_queries(summary, evidence, chosen, longest_px=PICTURE_PX)
            for chosen in (worst, best)
        )
    return {
        "number": number,
        "title": scene.title,
        "summary": summary,
        "unit": unit,
        "warnings": scene.warnings,
        "bytes_by_part": scene.bytes_by_part or {},
        "curves": error_curves_svg(summary, name=f"curves{number}"),
        "above": above,
        "worst": worst_pictures,
        "best": best_pictures,
        "queries": sorted(summary.scores, key=badness, reverse=True),
    }
