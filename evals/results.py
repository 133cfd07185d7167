"""What an evaluation leaves behind: one result per question, one evaluation per system."""

from __future__ import annotations

from dataclasses import dataclass

from evals.dataset import Gold, Question
from rag.types import Answer


@dataclass(frozen=True)
class Result:
    """One question, what the system answered, and every measure of it."""

    question: Question
    answer: Answer
    gold: Gold
    scores: dict[str, float | None]
    """Measure -> value; None where it could not be computed."""
    seconds: float
    error: str = ""
    """Why the system failed, empty when it did not; a failed question counts as wrong."""
    context: tuple[str, ...] = ()
    """Earlier questions of the dialogue."""

    @property
    def is_wrong(self) -> bool:
        """True when the response is known not to be the right one."""
        return self.scores.get("correct") == 0.0 or bool(self.scores.get("inexact_quotes"))

    @property
    def fault(self) -> str:
        """What is wrong with a wrong response, in a few words."""
        if self.error:
            return "the system failed"
        if self.scores.get("inexact_quotes"):
            return "inexact quote"
        if self.scores.get("false_answer"):
            return "answered although the documents do not hold the answer"
        if self.scores.get("false_refusal"):
            return "declined although the documents hold the answer"
        return "wrong answer" if self.scores.get("accuracy") == 0 else "gold evidence not cited"


@dataclass(frozen=True)
class Evaluation:
    """A system's results on one dataset."""

    system: str
    results: tuple[Result, ...]
    fingerprint: str = ""
    """Of the settings and the corpus; names the index that answered."""
    notices: tuple[str, ...] = ()
    """What was degraded while answering, each once."""
