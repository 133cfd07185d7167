"""What a pass is made of: how often each set's pairs come, as positives and as each negative."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mix:
    """Shares per pair and pass, by set; above 1 a pair comes more than once, in other windows.

    `unanswerable` counts windows of a question written to have no answer; the other
    negatives are made of answerable pairs. `mined` is the share of the mined false answers.
    """

    positives: dict[str, float]
    same_paragraph: dict[str, float]
    neighbour: dict[str, float]
    edited: dict[str, float]
    unanswerable: dict[str, float] = field(default_factory=lambda: {"squad2": 3.0})
    mined: float = 0.0


# The first pass of a new run.
BROAD = Mix(
    positives={"new_wiki": 1.6, "squad2": 3.0, "reddit": 0.8, "amazon": 0.8, "policyqa": 0.16},
    same_paragraph={"new_wiki": 0.4, "squad2": 0.5, "reddit": 0.13, "amazon": 0.13},
    neighbour={"new_wiki": 0.4, "squad2": 0.5, "reddit": 0.1, "amazon": 0.1},
    edited={"new_wiki": 1.0, "squad2": 1.6, "reddit": 0.35, "amazon": 0.35},
)
# Later passes lean to edited, encyclopedic text and to near misses, while the rate falls.
CLOSE = Mix(
    positives={"new_wiki": 1.6, "squad2": 3.6, "reddit": 0.4, "amazon": 0.4, "policyqa": 0.08},
    same_paragraph={"new_wiki": 0.35, "squad2": 0.5, "reddit": 0.08, "amazon": 0.08},
    neighbour={"new_wiki": 0.25, "squad2": 0.4, "reddit": 0.05, "amazon": 0.05},
    edited={"new_wiki": 1.0, "squad2": 2.0, "reddit": 0.25, "amazon": 0.25},
)
# After a warm restart: near misses of our own, and those that fooled the reader, and few edits, which
# teach it to look for words of the question that the passage lacks.
NEAR = Mix(
    positives={
        "new_wiki": 0.8,
        "squad2": 3.0,
        "near_misses": 4.0,
        "reddit": 0.15,
        "amazon": 0.15,
        "policyqa": 0.04,
    },
    same_paragraph={"new_wiki": 0.2, "squad2": 0.4, "near_misses": 0.6},
    neighbour={"new_wiki": 0.1, "squad2": 0.2, "near_misses": 0.5},
    edited={"new_wiki": 0.15, "squad2": 0.7, "near_misses": 0.8, "reddit": 0.05, "amazon": 0.05},
    unanswerable={"squad2": 3.0, "near_misses": 4.0},
    mined=1.0,
)
MIXES = {"close": CLOSE, "near": NEAR}
