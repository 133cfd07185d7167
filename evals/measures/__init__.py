"""The measures of one answer by name; add one here and it stands in every report.

Shares are zeros and ones and get Wilson intervals; means are values in between.
Measures of a whole run are in `risk_coverage`, `calibration`, `latency` and `ranking`.
"""

from __future__ import annotations

from evals.measures.abstention import false_answer, false_refusal
from evals.measures.accuracy import accuracy
from evals.measures.case import Case, Measure
from evals.measures.citation_precision import citation_precision
from evals.measures.citation_recall import citation_recall
from evals.measures.correct import correct
from evals.measures.evidence import evidence_cited
from evals.measures.grounded import grounded
from evals.measures.match import exact_match, token_f1
from evals.measures.quotes import inexact_quotes
from evals.measures.ranking import RANKING
from evals.measures.short_answer import short_answer
from evals.measures.witnesses import witnesses

SHARES: dict[str, Measure] = {
    "grounded": grounded,
    "accuracy": accuracy,
    "false_answer": false_answer,
    "false_refusal": false_refusal,
    "correct": correct,
    "evidence_cited": evidence_cited,
    "witnesses": witnesses,
    "short_answer": short_answer,
    "exact_match": exact_match,
}
MEANS: dict[str, Measure] = {
    "token_f1": token_f1,
    "citation_precision": citation_precision,
    "citation_recall": citation_recall,
}
COUNTS: dict[str, Measure] = {"inexact_quotes": inexact_quotes}
MEASURES: dict[str, Measure] = {**SHARES, **MEANS, **COUNTS}

__all__ = ["COUNTS", "MEANS", "MEASURES", "RANKING", "SHARES", "Case", "Measure"]
