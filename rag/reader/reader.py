"""The reader itself: an ONNX model, its tokenizer, and the `Reading` it gives for a passage.

The model is opened at the first question, after its SHA-256 was compared with the one in the JSON
file beside it. That file also holds the length limits and the weights that turn the model's two
no-answer signals (span score, answerability logit) into one probability.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag.errors import ModelUnavailableError
from rag.reader.rows import Limits, Row, make_rows, pieces_of, set_limits
from rag.reader.spans import Floats, best_span

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

NOTHING_READ_SCORE = -100.0
# Sum and layer norm as one operation take six times as long as one by one (onnxruntime 1.32, a
# processor with AVX-512); without it a row is read in four fifths of the time.
_SLOWER = ["SkipLayerNormFusion"]
_REMEDY = (
    "Install Footnote again, or set RAG_READER__MODEL to another ONNX reader, or to none to go on "
    "without a reader."
)


@dataclass(frozen=True)
class Reading:
    """One passage read for one question.

    `start` and `end` are character offsets `[start, end)` of the best span in the passage;
    `span_score` is its logit sum minus that of no answer (higher = more surely answered);
    `answer_probability` is uncalibrated, in [0, 1].
    """

    start: int
    end: int
    span_score: float
    answer_probability: float


_UNREAD = Reading(0, 0, NOTHING_READ_SCORE, 0.0)


@dataclass(frozen=True)
class ProbabilityWeights:
    """`sigmoid(span * span_score + answerable * answerable_logit + bias)`, fitted on dev."""

    span: float = 1.0
    answerable: float = 0.0
    bias: float = 0.0


class Reader:
    """Reads passages for a question; opens its model at the first one. Safe to share by threads.

    `threads` rows are read at once; 0 means as many as the machine has processors.
    """

    def __init__(
        self,
        model_path: Path,
        tokenizer_path: Path,
        *,
        threads: int = 0,
        expected_sha256: str | None = None,
    ) -> None:
        self._model_path = model_path
        self._tokenizer_path = tokenizer_path
        self._workers = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="reader")
        self._expected_sha256 = expected_sha256
        self._opening = threading.Lock()

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """The best span of each passage, in the order of `passages`.

        Each row runs alone, one per thread: the int8 model scales its inputs by run, so a batch
        would make a passage's score depend on its company (by up to 1.6 logits; batches were no
        faster). A passage without words gives an empty span with `NOTHING_READ_SCORE`. Raises
        ModelUnavailableError when the model is missing, damaged or not the expected one.
        """
        whole = [[(0, len(passage))] for passage in passages]
        return [reading for (reading,) in self.read_parts(question, passages, whole)]

    def read_parts(
        self, question: str, passages: Sequence[str], parts: Sequence[Sequence[tuple[int, int]]]
    ) -> list[list[Reading]]:
        """The best span within each part of each passage, which is still read once and whole.

        `parts` are character offsets `[start, end)` in the passage, a sentence each, say; the
        offsets of the readings count from the passage's start too. Raises as `read` does.
        """
        with self._opening:
            session, tokenizer, limits = self._session, self._tokenizer, self._limits
        rows = make_rows(tokenizer, question, passages, limits)
        readings = [[_UNREAD] * len(each) for each in parts]
        found = self._read_rows(session, rows, [parts[row.passage] for row in rows], limits)
        for row, of_row in zip(rows, found, strict=True):
            readings[row.passage] = [
                max(pair, key=lambda reading: reading.span_score)
                for pair in zip(readings[row.passage], of_row, strict=True)
            ]
        return readings

    def _read_rows(
        self,
        session: onnxruntime.InferenceSession,
        rows: list[Row],
        parts: list[Sequence[tuple[int, int]]],
        limits: Limits,
    ) -> list[list[Reading]]:
        if self._workers == 1 or len(rows) < 2:
            pairs = zip(rows, parts, strict=True)
            return [self._read_row(session, row, wanted, limits) for row, wanted in pairs]
        # The longest first, so that no thread is left alone with one at the end.
        order = sorted(range(len(rows)), key=lambda index: -len(rows[index].ids))
        started = {
            index: self._pool.submit(self._read_row, session, rows[index], parts[index], limits)
            for index in order
        }
        return [started[index].result() for index in range(len(rows))]

    def _read_row(
        self,
        session: onnxruntime.InferenceSession,
        row: Row,
        parts: Sequence[tuple[int, int]],
        limits: Limits,
    ) -> list[Reading]:
        start, end, answerable = self._run(session, row)
        readings = []
        for part in parts:
            span = best_span(row, start, end, limits.answer_tokens, pieces_of(row, *part))
            if span.score <= NOTHING_READ_SCORE:
                readings.append(_UNREAD)
                continue
            readings.append(
                Reading(
                    start=row.offsets[span.first][0],
                    end=row.offsets[span.last][1],
                    span_score=span.score,
                    answer_probability=self._probability(span.score, answerable),
                )
            )
        return readings

    def _run(self, session: onnxruntime.InferenceSession, row: Row) -> tuple[Floats, Floats, float]:
        feeds = {
            "input_ids": row.ids[None],
            "token_type_ids": row.segments[None],
            "attention_mask": np.ones_like(row.ids)[None],
        }
        taken = {entry.name for entry in session.get_inputs()}
        outputs = session.run(None, {name: x for name, x in feeds.items() if name in taken})
        answerable = float(outputs[2][0]) if len(outputs) > 2 else 0.0
        return outputs[0][0], outputs[1][0], answerable

    def _probability(self, score: float, answerable: float) -> float:
        weights = self._weights
        logit = weights.span * score + weights.answerable * answerable + weights.bias
        return 1.0 / (1.0 + math.exp(-min(max(logit, -60.0), 60.0)))

    @cached_property
    def _card(self) -> dict[str, Any]:
        """What stands in the JSON file beside the model; empty for a model without one."""
        path = self._model_path.with_suffix(".json")
        if not path.is_file():
            return {}
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise ModelUnavailableError(f"{path} is not valid JSON ({error}). {_REMEDY}") from error

    @cached_property
    def _limits(self) -> Limits:
        return Limits(**_known(Limits, self._card.get("limits", {})))

    @cached_property
    def _weights(self) -> ProbabilityWeights:
        return ProbabilityWeights(**_known(ProbabilityWeights, self._card.get("probability", {})))

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        import tokenizers

        if not self._tokenizer_path.is_file():
            raise ModelUnavailableError(f"No reader tokenizer at {self._tokenizer_path}. {_REMEDY}")
        tokenizer = tokenizers.Tokenizer.from_file(str(self._tokenizer_path))
        set_limits(tokenizer, self._limits)
        return tokenizer

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        model = self._checked_model()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(
                model,
                options,
                providers=["CPUExecutionProvider"],
                disabled_optimizers=_SLOWER,
            )
        except Exception as error:
            raise ModelUnavailableError(
                f"onnxruntime cannot open the reader {self._model_path} ({error}). {_REMEDY}"
            ) from error

    def _checked_model(self) -> bytes:
        if not self._model_path.is_file():
            raise ModelUnavailableError(f"No reader model at {self._model_path}. {_REMEDY}")
        model = self._model_path.read_bytes()
        expected = self._expected_sha256 or self._card.get("sha256")
        found = hashlib.sha256(model).hexdigest()
        if expected and found != expected:
            raise ModelUnavailableError(
                f"The reader {self._model_path} has SHA-256 {found[:12]}..., expected "
                f"{expected[:12]}... {_REMEDY}"
            )
        return model


def _known(kind: type, values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
