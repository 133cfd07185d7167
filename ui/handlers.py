"""What happens when something is asked, stopped, voted on or chosen on the page.

Handlers take the values of components and the request (whose cookie names the session), and give
new values. They check what they are given: the browser's word counts for nothing here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import gradio as gr

from rag.errors import QuestionError, RagError
from rag.types import Citation, Event
from ui import feedback, render
from ui.layout import MAX_QUESTION_CHARS, Parts, empty_sources
from ui.library import Library
from ui.sessions import COOKIE, Conversation, Conversations, Turn, is_session
from ui.workspace import CORPUS, UPLOADS, Workspace

LOG = logging.getLogger(__name__)
SOMETHING_WRONG = "Something went wrong on the server; it has been logged. Try again."
STOPPED = "Stopped."

Update = dict[Any, Any]


class Handlers:
    """The handlers, over one workspace and its conversations."""

    def __init__(
        self, workspace: Workspace, conversations: Conversations, library: Library, parts: Parts
    ) -> None:
        self._workspace = workspace
        self._conversations = conversations
        self._library = library
        self._parts = parts

    # The conversation

    def shown(self) -> list[gr.blocks.Block]:
        """The components that show a conversation."""
        talk = self._parts.talk
        return [
            talk.past, talk.live, talk.welcome, talk.question, talk.ask, talk.stop, talk.actions,
            talk.note_row, talk.thanks, talk.tools, self._parts.sources,
        ]  # fmt: skip

    def ask(
        self, question: str, collection: str, documents: list[str], since: str, until: str,
        model: str, max_sources: float, unsupported: str, request: gr.Request,
    ) -> Iterator[Update]:  # fmt: skip
        """Answer a question, showing it as it comes."""
        conversation = self._conversation(request)
        question = question.strip() if isinstance(question, str) else ""
        if not question:
            yield {self._parts.talk.thanks: ""}
            return
        try:
            if len(question) > MAX_QUESTION_CHARS:
                raise QuestionError(f"Questions have at most {MAX_QUESTION_CHARS:,} characters.")
            choices = self._workspace.choices(model, max_sources, unsupported)
            collection = UPLOADS if collection == UPLOADS else CORPUS
            pipeline = self._workspace.pipeline(collection, choices)
            filters = self._library.filters(collection, documents or [], since or "", until or "")
        except RagError as error:
            turn = conversation.refuse(question[:MAX_QUESTION_CHARS], str(error))
            yield self._settled(conversation, turn)
            return
        turn = conversation.begin(question, pipeline, collection, filters, self._workspace.slot())
        yield from self._follow(conversation, turn)

    def ask_again(
        self, question: str, collection: str, documents: list[str], since: str, until: str,
        model: str, max_sources: float, unsupported: str, request: gr.Request,
    ) -> Iterator[Update]:  # fmt: skip
        """Ask the last question once more, in place of its answer."""
        del question
        last = self._conversation(request).take_back()
        if last is None:
            return
        yield from self.ask(
            last.question, collection, documents, since, until, model, max_sources, unsupported,
            request,
        )  # fmt: skip

    def stop(self, request: gr.Request) -> Any:
        """Ask the running answer to end."""
        self._conversation(request).stop()
        return gr.update(interactive=False)

    def new_chat(self, request: gr.Request) -> Update:
        """Begin a new conversation."""
        conversation = self._conversation(request)
        conversation.clear()
        return self._restored(conversation)

    def restore(self, request: gr.Request) -> Update:
        """The conversation of this session, after the page was opened or loaded again."""
        return self._restored(self._conversation(request))

    def vote_up(self, request: gr.Request) -> tuple[str, Any]:
        """Keep that the last answer was helpful."""
        return self._vote(request, is_good=True)

    def vote_down(self, request: gr.Request) -> tuple[str, Any]:
        """Keep that the last answer was not right."""
        return self._vote(request, is_good=False)

    def add_note(self, note: str, request: gr.Request) -> tuple[str, Any, str]:
        """Put a note to the vote just given."""
        turn = self._conversation(request).last_answer()
        path = self._workspace.settings.server.feedback
        if not turn or not turn.vote or not isinstance(note, str) or not note.strip():
            return render.thanks("There is no note to add."), gr.update(), note
        feedback.annotate(path, turn.vote, note)
        return render.thanks("Thank you, your note is kept."), gr.update(visible=False), ""

    # Steps

    def _conversation(self, request: gr.Request) -> Conversation:
        name = request.cookies.get(COOKIE, "")
        return self._conversations.of(name if is_session(name) else f"{request.session_hash}")

    def _follow(self, conversation: Conversation, turn: Turn) -> Iterator[Update]:
        talk, run = self._parts.talk, conversation.run
        assert run is not None
        status, text, citations = "Reading the question", "", []  # type: ignore[var-annotated]
        yield self._started(conversation, turn, status)
        try:
            for batch in run.batches():
                for event in batch:
                    status, text = _heard(event, turn, status, text, citations)
                if turn.answer:
                    break
                if batch:
                    live = render.live_turn(turn.number, turn.question, text, status, citations)
                    yield {talk.live: live}
                else:
                    yield {talk.stop: gr.skip()}
            if not turn.answer:
                turn.failure, turn.text = STOPPED, text
        except RagError as error:
            turn.failure, turn.text = str(error), text
        except Exception:
            LOG.exception("answering failed")
            turn.failure, turn.text = SOMETHING_WRONG, text
        finally:
            run.stop()
        yield self._settled(conversation, turn)

    def _started(self, conversation: Conversation, turn: Turn, status: str) -> Update:
        talk = self._parts.talk
        before = [each for each in conversation.turns if each is not turn]
        return {
            talk.past: self._turns(before),
            talk.live: render.live_turn(turn.number, turn.question, "", status, []),
            talk.welcome: gr.update(visible=False),
            talk.question: "",
            talk.ask: gr.update(visible=False),
            talk.stop: gr.update(visible=True, interactive=True),
            talk.actions: gr.update(visible=False),
            talk.note_row: gr.update(visible=False),
            talk.tools: gr.update(visible=True),
            talk.thanks: "",
        }

    def _settled(self, conversation: Conversation, turn: Turn) -> Update:
        shown = self._restored(conversation)
        shown.pop(self._parts.talk.question, None)
        if turn.answer is None and turn.failure not in ("", STOPPED):
            shown[self._parts.talk.question] = turn.question
        return shown

    def _restored(self, conversation: Conversation) -> Update:
        talk, turns = self._parts.talk, conversation.turns
        return {
            talk.past: self._turns(turns),
            talk.live: "",
            talk.welcome: gr.update(visible=not turns),
            talk.question: "",
            talk.ask: gr.update(visible=True),
            talk.stop: gr.update(visible=False),
            talk.actions: gr.update(visible=bool(turns)),
            talk.note_row: gr.update(visible=False),
            talk.tools: gr.update(visible=bool(turns)),
            talk.thanks: "",
            self._parts.sources: self._sources(turns) or empty_sources(),
        }

    def _turns(self, turns: list[Turn]) -> str:
        return "".join(_turn(each) for each in turns)

    def _sources(self, turns: list[Turn]) -> str:
        groups = []
        for turn in turns:
            if turn.answer:
                where = turn.collection
                find = lambda path, where=where: self._workspace.find(path, where)  # noqa: E731
                groups.append(render.sources(turn.number, turn.answer, find, collection=where))
        return "".join(groups)

    def _vote(self, request: gr.Request, *, is_good: bool) -> tuple[str, Any]:
        turn = self._conversation(request).last_answer()
        if turn is None or turn.answer is None:
            return render.thanks("There is no answer to vote on."), gr.update()
        entry = feedback.record(turn.answer, is_good=is_good)
        feedback.append(self._workspace.settings.server.feedback, entry)
        turn.vote = entry["id"]
        word = "helpful" if is_good else "not right"
        return render.thanks(f"Kept as {word}, with the question. Thank you."), gr.update(
            visible=True
        )


def _heard(
    event: Event, turn: Turn, status: str, text: str, citations: list[Citation]
) -> tuple[str, str]:
    """Status and text after one event; a citation is added to those known."""
    if event.kind == "status":
        return event.text, text
    if event.kind == "token":
        return "Writing", text + event.text
    if event.kind == "citation" and event.citation:
        citations.append(event.citation)
    if event.kind == "done":
        turn.answer = event.answer
    return status, text


def _turn(turn: Turn) -> str:
    if turn.answer:
        return render.turn(turn.number, turn.answer, collection=turn.collection)
    return render.failed_turn(turn.number, turn.question, turn.failure or STOPPED, text=turn.text)
