"""The answerer with a language model: prompt, stream, check every sentence, cite.

Takes a question with its evidence, gives events that end with the whole `Answer`. A sentence is
shown once it is complete and checked. When the model fails, or nothing it says is in the
documents, the extractive answer takes its place, with a notice that says why.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rag.answer.calls import MAX_REQUESTS, Caller, Reply
from rag.answer.cite import make_citation, make_passage
from rag.answer.evidence import Evidence
from rag.answer.markers import CitedSentence, MarkerParser
from rag.answer.prompt import build_messages, fitting, is_no_answer
from rag.answer.verify import Checked, NumberedPassage, number_passages, verify
from rag.errors import LlmError
from rag.llm_errors import LlmCallError
from rag.llms import model_name, redacted
from rag.settings import RagSettings
from rag.types import Answer, AnswerMetadata, AnswerSentence, Citation, Event, Span

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

logger = logging.getLogger(__name__)

ABSTENTION = "The documents do not answer this."
NOT_SAID = "The language model found no answer in the passages."
UNSUPPORTED_ONLY = (
    "Nothing the language model said could be found in the documents; "
    "this is the extractive answer."
)
_MAX_RESERVE_SECONDS = 2.0


@dataclass
class _Draft:
    """What has been shown so far."""

    sentences: list[AnswerSentence] = field(default_factory=list)
    citations: dict[tuple[str, int, int], Citation] = field(default_factory=dict)
    scores: list[float] = field(default_factory=list)
    dropped: int = 0
    says_no_answer: bool = False
    notices: list[str] = field(default_factory=list)

    @property
    def has_support(self) -> bool:
        return any(sentence.verdict != "unsupported" for sentence in self.sentences)


class LlmAnswerer:
    """Answers with a language model, every sentence checked; safe for several threads."""

    def __init__(self, llm: LLM, settings: RagSettings) -> None:
        self._settings = settings
        self._caller = Caller(llm)
        self._name = model_name(settings.llm)
        if self._name in ("", "none"):
            self._name = f"{type(llm).__name__}:{llm.metadata.model_name}"

    @property
    def caller(self) -> Caller:
        """The model behind its deadline and breaker, for other uses such as condensing."""
        return self._caller

    def answer(
        self,
        question: str,
        evidence: Evidence,
        *,
        fallback: Callable[[], Answer],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """The whole answer; see `stream`."""
        for event in self.stream(question, evidence, fallback=fallback, cancelled=cancelled):
            if event.answer:
                return event.answer
        raise LlmError("The answer was stopped before it was complete.")

    def stream(
        self,
        question: str,
        evidence: Evidence,
        *,
        fallback: Callable[[], Answer],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Events of an answer, ending with `done`; never later than `llm.deadline_seconds`."""
        started, draft = time.monotonic(), _Draft()
        allowed = self._settings.llm.deadline_seconds
        deadline = started + allowed - min(_MAX_RESERVE_SECONDS, 0.1 * allowed)
        passages = number_passages(evidence.chunks, evidence.documents)
        reason = ""
        try:
            yield from self._draft(question, passages, draft, deadline, cancelled)
        except LlmCallError as error:
            reason = redacted(str(error), self._settings.llm)
            logger.info("language model failed: %s (%s)", error.kind, reason)
        if draft.has_support:
            if reason:
                draft.notices.append(f"The language model's answer is not complete: {reason}.")
            yield Event("done", answer=self._finished(question, draft, started))
        else:
            yield from self._fallen_back(question, evidence, draft, reason, fallback, started)

    def _draft(
        self,
        question: str,
        passages: list[NumberedPassage],
        draft: _Draft,
        deadline: float,
        cancelled: Callable[[], bool],
    ) -> Iterator[Event]:
        yield Event("status", text=f"{self._name} reads {len(passages)} passages")
        kept, reply = self._started(question, passages, deadline, cancelled)
        parser = MarkerParser(len(kept))
        chars = 0
        try:
            for piece in reply:
                chars += len(piece)
                for sentence in parser.feed(piece):
                    yield from self._checked(question, sentence, kept, draft)
                if self._is_enough(draft, chars):
                    reply.is_cut = chars > self._settings.llm.max_answer_chars
                    break
            sentences, has_rest = parser.finish(complete=not reply.is_cut)
            for sentence in sentences:
                yield from self._checked(question, sentence, kept, draft)
            if reply.is_cut and has_rest:
                draft.notices.append(
                    "The language model reached its length limit; its last, unfinished sentence "
                    "was left out."
                )
            self._caller.succeeded()
        except LlmCallError as error:
            self._caller.failed(error)
            raise
        finally:
            reply.close()

    def _started(
        self,
        question: str,
        passages: list[NumberedPassage],
        deadline: float,
        cancelled: Callable[[], bool],
    ) -> tuple[list[NumberedPassage], Reply]:
        """The reply under way, with fewer passages when the model says that they do not fit."""
        llm, sentences = self._settings.llm, self._settings.answering.max_sentences
        kept = fitting(
            question,
            passages,
            max_sentences=sentences,
            context_tokens=min(
                llm.context_tokens, self._caller.context_tokens or llm.context_tokens
            ),
            max_output_tokens=llm.max_output_tokens,
            count=self._caller.count_tokens,
        )
        for requests in range(MAX_REQUESTS, 0, -1):
            if not kept:
                break
            messages = build_messages(question, kept, max_sentences=sentences)
            try:
                return kept, self._caller.start(
                    messages, deadline=deadline, cancelled=cancelled, requests=requests
                )
            except LlmCallError as error:
                if error.kind != "too_long" or requests == 1:
                    raise
                kept = kept[: len(kept) // 2]
        raise LlmCallError("not one passage fits its context window", "too_long")

    def _is_enough(self, draft: _Draft, chars: int) -> bool:
        """Stop reading a model that goes on far beyond what was asked for."""
        seen = len(draft.sentences) + draft.dropped
        most = 4 * self._settings.answering.max_sentences + 8
        return chars > self._settings.llm.max_answer_chars or seen >= most

    def _checked(
        self,
        question: str,
        sentence: CitedSentence,
        passages: Sequence[NumberedPassage],
        draft: _Draft,
    ) -> Iterator[Event]:
        """The events of one complete sentence: its text, its new citations, its verdict."""
        if is_no_answer(sentence.text):
            draft.says_no_answer = True
            return
        found = verify(sentence.text, sentence.cited, passages, question=question)
        if sentence.has_unknown and not sentence.cited and found.verdict == "supported":
            found = replace(found, verdict="misattributed")
        is_shown = found.verdict != "unsupported" or self._settings.answering.unsupported == "show"
        if not is_shown:
            draft.dropped += 1
            return
        fresh, numbers = _cited(found, passages, draft)
        shown = AnswerSentence(sentence.text, numbers, found.verdict)
        yield Event("token", text=("" if not draft.sentences else " ") + rendered(shown))
        yield from (Event("citation", citation=citation) for citation in fresh)
        yield Event("verdict", sentence=shown)
        draft.sentences.append(shown)
        draft.scores.append(min((s.coverage for s in found.supports), default=0.0))

    def _finished(self, question: str, draft: _Draft, started: float) -> Answer:
        if draft.dropped:
            what = "sentence" if draft.dropped == 1 else "sentences"
            draft.notices.append(
                f"{draft.dropped} {what} of the language model left out: not in the documents."
            )
        total = len(draft.sentences) + draft.dropped
        return Answer(
            question=question,
            text=" ".join(rendered(sentence) for sentence in draft.sentences),
            abstained=False,
            citations=tuple(draft.citations.values()),
            sentences=tuple(draft.sentences),
            confidence=round(sum(draft.scores) / total, 4) if total else 0.0,
            metadata=AnswerMetadata(
                answerer=self._name,
                notices=tuple(draft.notices),
                seconds={"llm": round(time.monotonic() - started, 4)},
            ),
        )

    def _fallen_back(
        self,
        question: str,
        evidence: Evidence,
        draft: _Draft,
        reason: str,
        fallback: Callable[[], Answer],
        started: float,
    ) -> Iterator[Event]:
        """The extractive answer, or an abstention when the model said there is none."""
        if draft.says_no_answer and not reason and not draft.dropped:
            yield Event("done", answer=self._abstention(question, evidence, started))
            return
        notice = f"The language model failed ({reason}); this is the extractive answer."
        notice = notice if reason else UNSUPPORTED_ONLY
        yield Event("status", text=notice)
        answer = fallback()
        if answer.abstained:
            notice = notice.replace("this is the extractive answer", "the extractive way was used")
        yield Event("token", text=answer.text)
        yield from (Event("citation", citation=citation) for citation in answer.citations)
        yield from (Event("verdict", sentence=sentence) for sentence in answer.sentences)
        notices = (*answer.metadata.notices, *draft.notices, notice)
        seconds = {**answer.metadata.seconds, "llm": round(time.monotonic() - started, 4)}
        metadata = replace(answer.metadata, notices=notices, seconds=seconds)
        yield Event("done", answer=replace(answer, metadata=metadata))

    def _abstention(self, question: str, evidence: Evidence, started: float) -> Answer:
        nearest = evidence.chunks[: self._settings.answering.nearest]
        return Answer(
            question=question,
            text=ABSTENTION,
            abstained=True,
            nearest=tuple(
                make_passage(evidence.documents[each.chunk.document], each.chunk.span, each.score)
                for each in nearest
            ),
            metadata=AnswerMetadata(
                answerer=self._name,
                notices=(NOT_SAID,),
                seconds={"llm": round(time.monotonic() - started, 4)},
            ),
        )


def rendered(sentence: AnswerSentence) -> str:
    """A sentence with its marks, and a label when no passage says it."""
    marks = "".join(f"[{number}]" for number in sentence.citations)
    label = " (not in the documents)" if sentence.verdict == "unsupported" else ""
    return f"{sentence.text}{' ' if marks else ''}{marks}{label}"


def _cited(
    found: Checked, passages: Sequence[NumberedPassage], draft: _Draft
) -> tuple[list[Citation], tuple[int, ...]]:
    """Citations new to the answer, and the numbers of all of this sentence."""
    fresh, numbers = [], []
    for support in found.supports:
        document = passages[support.number - 1].document
        span: Span = support.span
        key = (document.path, span.start, span.end)
        if key not in draft.citations:
            citation = make_citation(len(draft.citations) + 1, document, span)
            draft.citations[key] = citation
            fresh.append(citation)
        numbers.append(draft.citations[key].number)
    return fresh, tuple(dict.fromkeys(numbers))
