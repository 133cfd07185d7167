"""One conversation per browser session, kept on the server and forgotten in time.

A browser is told apart by a random cookie. A conversation holds its turns and the running answer;
it is found again after a reload, and the least recently used ones go first.
"""

from __future__ import annotations

import queue
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.types import Answer, Event, Filters
from ui.workspace import CORPUS

if TYPE_CHECKING:
    from rag.chat import Chat
    from rag.pipeline import Pipeline

Slot = AbstractContextManager[object]

COOKIE = "footnote_session"
MAX_CONVERSATIONS = 512
MAX_TURNS = 20
_SESSION = re.compile(r"[A-Za-z0-9_-]{32,64}", re.ASCII)


def new_session() -> str:
    """A session name that cannot be guessed."""
    return secrets.token_urlsafe(24)


def is_session(name: str) -> bool:
    """True for a name of the shape that `new_session` gives."""
    return bool(_SESSION.fullmatch(name))


@dataclass
class Turn:
    """A question with its answer, or with the reason there is none."""

    number: int
    question: str
    answer: Answer | None = None
    collection: str = CORPUS
    failure: str = ""
    text: str = ""
    """What had been streamed when the answer was stopped."""
    vote: str = ""
    """Id of the feedback record, empty before a vote."""


class Run:
    """An answer being made in a thread of its own, so that it can be watched and stopped."""

    def __init__(self, chat: Chat, question: str, filters: Filters, slot: Slot) -> None:
        self._events: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        arguments = (chat, question, filters, slot)
        self._thread = threading.Thread(target=self._work, args=arguments, daemon=True)
        self._thread.start()

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """Ask the answer to end; the model's stream is closed at its next event."""
        self._stopped.set()

    def batches(self, seconds: float = 0.06) -> Iterator[list[Event]]:
        """Events as they come, those of `seconds` together; an empty list when none came.

        Ends after the last event or when stopped; raises what the pipeline raised.
        """
        ended = False
        while not ended and not self.is_stopped:
            batch: list[Event] = []
            until = time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0:
                try:
                    event = self._events.get(timeout=left)
                except queue.Empty:
                    break
                if isinstance(event, Exception):
                    raise event
                if event is None:
                    ended = True
                    break
                batch.append(event)
                if event.kind == "done":
                    break
            yield batch

    def _work(self, chat: Chat, question: str, filters: Filters, slot: Slot) -> None:
        try:
            with slot:
                stream = chat.stream(question, filters=filters)
                for event in stream:
                    if self.is_stopped:
                        break
                    self._events.put(event)
                close = getattr(stream, "close", None)
                if close:
                    close()
        except Exception as error:  # noqa: BLE001 - handed to the reader of the queue
            self._events.put(error)
        finally:
            self._events.put(None)


@dataclass
class Conversation:
    """The turns of one session."""

    turns: list[Turn] = field(default_factory=list)
    run: Run | None = None
    count: int = 0
    _chat: Chat | None = None
    _pipeline: Pipeline | None = None

    def begin(
        self,
        question: str,
        pipeline: Pipeline,
        collection: str,
        filters: Filters,
        slot: Slot,
    ) -> Turn:
        """Start answering within `slot`; a running answer is stopped first."""
        self.stop()
        self.count += 1
        turn = Turn(self.count, question, collection=collection)
        self.turns = [*self.turns, turn][-MAX_TURNS:]
        self.run = Run(self._chat_over(pipeline), question, filters, slot)
        return turn

    def refuse(self, question: str, reason: str) -> Turn:
        """A turn that cannot be answered, with the reason."""
        self.stop()
        self.count += 1
        turn = Turn(self.count, question, failure=reason)
        self.turns = [*self.turns, turn][-MAX_TURNS:]
        return turn

    def stop(self) -> None:
        """Stop the running answer, if any."""
        if self.run:
            self.run.stop()

    def clear(self) -> None:
        """Begin anew; numbers go on, so that old links find nothing."""
        self.stop()
        self.turns = []
        self._chat = None

    def take_back(self) -> Turn | None:
        """Remove the last turn, to ask it again."""
        self.stop()
        if not self.turns:
            return None
        last = self.turns[-1]
        self.turns = self.turns[:-1]
        self._chat = None
        return last

    def last_answer(self) -> Turn | None:
        """The last turn, when it has an answer."""
        return self.turns[-1] if self.turns and self.turns[-1].answer else None

    def _chat_over(self, pipeline: Pipeline) -> Chat:
        from rag.chat import Chat

        if self._chat is None or self._pipeline is not pipeline:
            self._chat = Chat(pipeline=pipeline)
            self._chat.turns.extend(turn.answer for turn in self.turns if turn.answer)
            self._pipeline = pipeline
        return self._chat


class Conversations:
    """All conversations by session, at most `most`."""

    def __init__(self, most: int = MAX_CONVERSATIONS) -> None:
        self._most = most
        self._by_session: OrderedDict[str, Conversation] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, session: str) -> Conversation:
        """The conversation of `session`, a new one when there is none."""
        with self._lock:
            conversation = self._by_session.setdefault(session, Conversation())
            self._by_session.move_to_end(session)
            while len(self._by_session) > self._most:
                _, oldest = self._by_session.popitem(last=False)
                oldest.stop()
            return conversation

    def peek(self, session: str) -> Conversation | None:
        """The conversation of `session` without starting one."""
        with self._lock:
            return self._by_session.get(session)

    def stop_all(self) -> None:
        """Stop every running answer, when the server ends."""
        with self._lock:
            for conversation in self._by_session.values():
                conversation.stop()
