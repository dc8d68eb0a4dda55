"""Predictions on disk, their errors against the truth, and the report.

In: a localiser, ImageSet.  Out: Prediction lines, Summary, one HTML page.
"""

from neumap.evaluation.joint_summary import JointSummary as JointSummary
from neumap.evaluation.joint_summary import join_scenes as join_scenes
from neumap.evaluation.pose_error import position_error as position_error
from neumap.evaluation.pose_error import rotation_error_deg as rotation_error_deg
from neumap.evaluation.prediction import Prediction as Prediction
from neumap.evaluation.predictions import Localizer as Localizer
from neumap.evaluation.predictions import predict as predict
from neumap.evaluation.predictions import read_predictions as read_predictions
from neumap.evaluation.predictions import write_predictions as write_predictions
from neumap.evaluation.recall import Recall as Recall
from neumap.evaluation.report import SceneEvidence as SceneEvidence
from neumap.evaluation.report import SceneReport as SceneReport
from neumap.evaluation.report import render_report as render_report
from neumap.evaluation.run import EvaluationFiles as EvaluationFiles
from neumap.evaluation.run import MapFacts as MapFacts
from neumap.evaluation.run import evaluate_localizer as evaluate_localizer
from neumap.evaluation.run import evaluate_scene as evaluate_scene
from neumap.evaluation.score import QueryScore as QueryScore
from neumap.evaluation.score import score as score
from neumap.evaluation.summary import Summary as Summary
from neumap.evaluation.summary import summarise as summarise
