"""The chat page: its parts put together, and which handler each event calls.

The conversation and the sources are markup made on the server (`ui.render`); `static/footnote.js`
adds what needs the browser: chips that select their source, the article beside the conversation,
copying, labels for screen readers.
"""

from __future__ import annotations

import gradio as gr

from ui import layout
from ui.examples import examples_from
from ui.handlers import Handlers
from ui.layout import Parts
from ui.library import Library
from ui.sessions import Conversations
from ui.sidebar import SidebarHandlers
from ui.workspace import Workspace

EXAMPLES = 4


def build_page(workspace: Workspace, conversations: Conversations) -> gr.Blocks:
    """The page over `workspace`, with one conversation for each browser session."""
    library = Library(workspace)
    with gr.Blocks(
        title="Footnote", analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)
    ) as page:
        with gr.Sidebar(open=False, width=380, elem_id="sidebar"):
            library_parts = layout.library_panel(workspace, library)
            option_parts = layout.options_panel(workspace)
        layout.header(workspace)
        with gr.Row(elem_id="columns"):
            with gr.Column(scale=7, elem_id="conversation", min_width=320):
                talk = layout.conversation(examples_from(workspace.pipeline(), EXAMPLES))
            with gr.Column(scale=5, elem_id="sources", min_width=320):
                sources = layout.sources_panel()
        parts = Parts(talk, library_parts, option_parts, sources)
        handlers = Handlers(workspace, conversations, library, parts)
        _wire_conversation(page, parts, handlers)
        _wire_sidebar(parts, SidebarHandlers(workspace, library))
    return page


def _wire_conversation(page: gr.Blocks, parts: Parts, handlers: Handlers) -> None:
    talk = parts.talk
    shown = handlers.shown()
    inputs = [talk.question, *parts.library.search(), *parts.options.values()]
    answering = {
        "outputs": shown, "concurrency_limit": 16, "show_progress": "hidden",
        "trigger_mode": "once",
    }  # fmt: skip
    quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    gr.on(
        [talk.ask.click, talk.question.submit], handlers.ask, inputs, concurrency_id="ask",
        api_name="ask", api_visibility="private", **answering,
    )  # fmt: skip
    talk.retry.click(
        handlers.ask_again, inputs, concurrency_id="ask", api_visibility="private", **answering
    )
    for example in talk.examples:
        example.click(
            handlers.ask, [example, *inputs[1:]], concurrency_id="ask", api_visibility="private",
            **answering,
        )  # fmt: skip
    talk.stop.click(handlers.stop, outputs=[talk.stop], **quick)
    talk.new.click(handlers.new_chat, outputs=shown, **quick)
    talk.vote_up.click(handlers.vote_up, outputs=[talk.thanks, talk.note_row], **quick)
    talk.vote_down.click(handlers.vote_down, outputs=[talk.thanks, talk.note_row], **quick)
    noted = [talk.thanks, talk.note_row, talk.note]
    gr.on([talk.send_note.click, talk.note.submit], handlers.add_note, [talk.note], noted, **quick)
    page.load(handlers.restore, outputs=shown, **quick)


def _wire_sidebar(parts: Parts, handlers: SidebarHandlers) -> None:
    library, options = parts.library, parts.options
    quick = {"show_progress": "hidden", "api_visibility": "private"}
    slow = {"show_progress_on": library.report, "api_visibility": "private",
            "concurrency_limit": 1, "concurrency_id": "index"}  # fmt: skip
    listed = [library.documents, library.added, library.report]
    library.collection.change(
        handlers.list_documents, [library.collection], [library.documents], queue=False, **quick
    )
    library.upload.upload(
        handlers.add_files, [library.upload], [library.upload, library.collection, *listed], **slow
    )
    library.remove.click(handlers.remove_file, [library.added, library.collection], listed, **slow)
    library.reindex.click(handlers.reindex, [library.collection], listed, **slow)
    options.test.click(handlers.test_model, [options.model], [options.result], **quick)
