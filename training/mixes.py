"""What a pass is made of: how often each set's pairs come, as positives and as each negative."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mix:
    """Shares per pair and pass, by set; above 1 a pair comes more than once, in other windows.

    `unanswerable` counts windows of a question written to have no answer; the other
    negatives are made of answerable pairs.
    """

    positives: dict[str, float]
    same_paragraph: dict[str, float]
    neighbour: dict[str, float]
    edited: dict[str, float]
    unanswerable: dict[str, float] = field(default_factory=lambda: {"squad2": 3.0})


MIX = Mix(
    positives={
        "new_wiki": 0.5,
        "squad2": 2.0,
        "near_misses": 1.0,
        "reddit": 0.2,
        "amazon": 0.2,
        "policyqa": 0.05,
    },
    same_paragraph={"new_wiki": 0.1, "squad2": 0.3, "near_misses": 0.12, "reddit": 0.03},
    neighbour={"new_wiki": 0.1, "squad2": 0.3, "near_misses": 0.12, "amazon": 0.03},
    edited={"new_wiki": 0.12, "squad2": 0.5, "near_misses": 0.06, "reddit": 0.03, "amazon": 0.03},
    unanswerable={"squad2": 2.0, "near_misses": 1.0},
)
