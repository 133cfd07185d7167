"""The parts of the page and how they lie; what they do is in `ui.page` and `ui.handlers`."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui.library import Library
from ui.markup import escape, one_line
from ui.uploads import SUFFIXES
from ui.wording import plural
from ui.workspace import CORPUS, NO_MODEL, UPLOADS, Choices, Workspace, variable_that_sets

MAX_QUESTION_CHARS = 4000


@dataclass(frozen=True)
class ConversationParts:
    """The left column: the turns and what is done with them."""

    past: gr.Markdown
    live: gr.Markdown
    welcome: gr.Column
    examples: list[gr.Button]
    question: gr.Textbox
    ask: gr.Button
    stop: gr.Button
    actions: gr.Row
    retry: gr.Button
    vote_up: gr.Button
    vote_down: gr.Button
    note_row: gr.Row
    note: gr.Textbox
    send_note: gr.Button
    thanks: gr.Markdown
    tools: gr.Row
    new: gr.Button


@dataclass(frozen=True)
class LibraryParts:
    """What stands under Documents in the sidebar."""

    collection: gr.Radio
    documents: gr.CheckboxGroup
    since: gr.Textbox
    until: gr.Textbox
    report: gr.Markdown
    reindex: gr.Button
    upload: gr.File
    added: gr.Dropdown
    remove: gr.Button

    def search(self) -> list[gr.components.Component]:
        """The inputs that say what to search."""
        return [self.collection, self.documents, self.since, self.until]


@dataclass(frozen=True)
class OptionParts:
    """What stands under Settings in the sidebar."""

    model: gr.Dropdown
    max_sources: gr.Slider
    unsupported: gr.Radio
    test: gr.Button
    result: gr.Markdown

    def values(self) -> list[gr.components.Component]:
        """The inputs that a question is asked with."""
        return [self.model, self.max_sources, self.unsupported]


@dataclass(frozen=True)
class Parts:
    """All components that events read or write."""

    talk: ConversationParts
    library: LibraryParts
    options: OptionParts
    sources: gr.Markdown


def text(markup: str, elem_id: str = "") -> gr.Markdown:
    """A place for markup made by `ui.markup`."""
    return gr.Markdown(markup, elem_id=elem_id or None, latex_delimiters=[])


def header(workspace: Workspace) -> None:
    """Name, what it does, and what is degraded."""
    count = plural(len(workspace.documents()), "document")
    notices = "".join(f'<p class="fn-notice">{escape(each)}</p>' for each in workspace.notices())
    text(
        '<div class="fn-head"><h1>Footnote</h1>'
        f"<p>Answers from {count}, every sentence with its source.</p>{one_line(notices)}</div>",
        "head",
    )


def conversation(suggested: list[str]) -> ConversationParts:
    """The left column, with `suggested` questions to begin with."""
    with gr.Column(elem_id="welcome") as welcome:
        text(
            '<div class="fn-welcome"><h2>Ask the documents.</h2><p>You get the sentences that '
            "answer, word for word, and the place in the article where each one stands. When the "
            "documents do not say, neither will the answer.</p></div>"
        )
        examples = [gr.Button(each, elem_classes="fn-example") for each in suggested]
    past, live = text("", "past"), text("", "live")
    with gr.Row(elem_id="actions", visible=False) as actions:
        gr.Button("Copy", elem_id="copy", size="sm")
        retry = gr.Button("Ask again", elem_id="retry", size="sm")
        vote_up = gr.Button("Helpful", elem_id="vote-up", size="sm")
        vote_down = gr.Button("Not right", elem_id="vote-down", size="sm")
    thanks = text("", "thanks")
    with gr.Row(elem_id="note-row", visible=False) as note_row:
        note = gr.Textbox(
            label="Note on this answer (optional)", max_length=2000, elem_id="note", scale=4
        )
        send_note = gr.Button("Add note", size="sm", scale=1, elem_id="send-note")
    with gr.Column(elem_id="composer"):
        with gr.Row(elem_id="ask-row"):
            question = gr.Textbox(
                label="Ask a question", placeholder="Who, what, when, why …", elem_id="question",
                lines=1, max_lines=6, max_length=MAX_QUESTION_CHARS, scale=8, autofocus=True,
            )  # fmt: skip
            ask = gr.Button("Ask", variant="primary", elem_id="ask", scale=1, min_width=88)
            stop = gr.Button("Stop", elem_id="stop", visible=False, scale=1, min_width=88)
        with gr.Row(elem_id="tools", visible=False) as tools:
            new = gr.Button("New chat", size="sm", elem_id="new")
            gr.Button("Save as Markdown", size="sm", link="/conversation.md", elem_id="save-md")
            gr.Button("Save as JSON", size="sm", link="/conversation.json", elem_id="save-json")
    return ConversationParts(
        past, live, welcome, examples, question, ask, stop, actions, retry, vote_up, vote_down,
        note_row, note, send_note, thanks, tools, new,
    )  # fmt: skip


def sources_panel() -> gr.Markdown:
    """The right column."""
    text('<div class="fn-side"><h2>Sources</h2></div>', "sources-title")
    return text(empty_sources(), "sources-body")


def empty_sources() -> str:
    """What the Sources panel says before the first answer."""
    return one_line(
        '<p class="fn-empty">The passages an answer rests on appear here, each in the article '
        "it comes from.</p>"
    )


def library_panel(workspace: Workspace, library: Library) -> LibraryParts:
    """Documents: which there are, which to search, adding and removing."""
    text('<div class="fn-side"><h2>Documents</h2></div>')
    uploads = workspace.uploads is not None
    collection = gr.Radio(
        [(library.name(CORPUS), CORPUS), (library.name(UPLOADS), UPLOADS)], value=CORPUS,
        label="Search in", visible=uploads, elem_id="collection",
    )  # fmt: skip
    choices = library.choices(CORPUS)
    documents = gr.CheckboxGroup(
        choices, value=[path for _, path in choices], label="Documents searched",
        elem_id="documents",
    )  # fmt: skip
    with gr.Row():
        since = gr.Textbox(label="Published from", placeholder="YYYY-MM-DD", max_length=10,
                           elem_id="since", min_width=120)  # fmt: skip
        until = gr.Textbox(label="Published to", placeholder="YYYY-MM-DD", max_length=10,
                           elem_id="until", min_width=120)  # fmt: skip
    upload = gr.File(
        label="Add files", file_count="multiple",
        file_types=list(SUFFIXES), visible=uploads, elem_id="upload", height=120,
    )  # fmt: skip
    if uploads:
        text('<p class="fn-hint">Everyone who uses this page can read what is added.</p>')
    with gr.Row(visible=uploads, elem_id="added-row"):
        added = gr.Dropdown(
            library.added(), label="Added files", elem_id="added", scale=3, value=None
        )
        remove = gr.Button("Remove", size="sm", elem_id="remove", scale=1, min_width=80)
    reindex = gr.Button("Look for changed files", size="sm", elem_id="reindex")
    report = text(library.unread(), "report")
    return LibraryParts(collection, documents, since, until, report, reindex, upload, added, remove)


def options_panel(workspace: Workspace) -> OptionParts:
    """Settings: what a reader may choose, and what the environment has set."""
    text('<div class="fn-side"><h2>Settings</h2></div>')
    now = Choices.of(workspace.settings)
    names = list(dict.fromkeys([NO_MODEL, now.model]))
    labels = [("None: quote the articles", each) if each == NO_MODEL else each for each in names]
    model = gr.Dropdown(
        labels, value=now.model, label="Language model", elem_id="model",
        **_as_set("llm", "model", _model_hint(workspace)),
    )  # fmt: skip
    test = gr.Button("Test the model", size="sm", elem_id="test-model")
    result = text("", "test-result")
    max_sources = gr.Slider(
        1, 10, value=now.max_sources, step=1, label="Sources in an answer, at most",
        elem_id="max-sources", **_as_set("answering", "max_sentences", ""),
    )  # fmt: skip
    unsupported = gr.Radio(
        [("Leave out", "drop"), ("Show, labelled", "show")], value=now.unsupported,
        label="Sentences no source supports", elem_id="unsupported",
        **_as_set("answering", "unsupported", ""),
    )  # fmt: skip
    return OptionParts(model, max_sources, unsupported, test, result)


def _model_hint(workspace: Workspace) -> str:
    how = "Writes the answer; each of its sentences is checked."
    return f"{how} Type provider:model." if workspace.models_are_free else how


def _as_set(section: str, field: str, info: str) -> dict[str, object]:
    """Locks a control whose setting comes from the environment, and says so."""
    variable = variable_that_sets(section, field)
    if variable:
        return {"interactive": False, "info": f"Set by {variable} in the server's environment."}
    return {"interactive": True, "info": info or None}
