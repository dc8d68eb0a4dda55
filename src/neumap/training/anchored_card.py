"""The card of packaged weights: what they were trained on, how, and what they reach."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from neumap.decoder.anchored_decoder import AnchoredDecoder
from neumap.training.anchored_validation import MatchSummary, judge_queries, summarise
from neumap.training.scene_cache import TrainingScene

NUM_CODES = (150, 300, 1000)
"""Map sizes that a card reports."""


def make_card(
    decoder: AnchoredDecoder,
    weights: bytes,
    *,
    trained_on: Sequence[str],
    held_out: Sequence[TrainingScene],
    run: dict[str, Any],  # Any: JSON values
) -> dict[str, Any]:
    """Describe weights; figures are of codes from mean descriptors on scenes not trained on.

    `run` says how they were made (command, seed, steps, seconds, data and licences).
    """
    figures: dict[str, dict[str, dict[str, float]]] = {}
    config = decoder.config
    for matches in ("plain", "learned", "union"):
        decoder.config = replace(config, matches=matches)
        figures[matches] = {
            str(count): _rounded(summarise(judge_queries(held_out, decoder, num_codes=count)))
            for count in (NUM_CODES if held_out else ())
        }
    decoder.config = config
    return {
        "name": "anchored",
        "date": date.today().isoformat(),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "bytes": len(weights),
        "parameters": sum(parameter.numel() for parameter in decoder.parameters()),
        "matches": config.matches,
        **run,
        "trained_on": list(trained_on),
        "held_out": [scene.name for scene in held_out],
        "held_out_matches_by_number_of_codes": figures,
    }


def _rounded(summary: MatchSummary) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in asdict(summary).items()}
