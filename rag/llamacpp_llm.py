"""llama-index's llama.cpp model with the chat template of its file, a deadline and its own count.

llama-index writes the messages as plain text ("user: ..."), which an instruct model answers
badly; llama.cpp itself knows the template that the GGUF file carries.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import llama_cpp  # type: ignore[import-not-found,unused-ignore]
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseGen,
    MessageRole,
)
from llama_index.llms.llama_cpp import LlamaCPP
from pydantic import PrivateAttr

from rag.local_llm import LocalChat, Wanted, turn

_TRAINED_LENGTH = 0
"""llama.cpp's way to ask for the context length that the model was trained with."""


class LlamaCppChat(LocalChat, LlamaCPP):  # type: ignore[misc]  # the checker does not follow llama_index
    """A GGUF file in this process; safe for several threads, which take turns."""

    _turns: threading.Lock = PrivateAttr(default_factory=threading.Lock)
    _wanted: Wanted | None = PrivateAttr(default=None)
    _abort: Any = PrivateAttr(default=None)

    def __init__(self, *, context_window: int, **options: Any) -> None:
        super().__init__(context_window=context_window, **options)
        trained = self._model._model.n_ctx_train()
        if context_window > trained:
            super().__init__(context_window=_TRAINED_LENGTH, **options)
        self._turns, self._wanted = threading.Lock(), None
        # Kept as an attribute: llama.cpp holds no reference to the callback.
        self._abort = llama_cpp.ggml_abort_callback(lambda _: self._is_over())
        llama_cpp.llama_set_abort_callback(self._model.ctx, self._abort, None)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` by the model's own vocabulary."""
        return len(self._model.tokenize(text.encode("utf-8", "replace"), add_bos=False))

    def _prompt(self, messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
        return [{"role": each.role.value, "content": each.content or ""} for each in messages]

    def _replies(self, messages: list[dict[str, str]], call: Wanted) -> ChatResponseGen:
        with turn(self._turns, call):
            self._wanted = call
            try:
                yield from self._generated(messages)
            except RuntimeError:
                call.check()  # llama.cpp says no more than that it stopped
                raise
            finally:
                self._wanted = None

    def _generated(self, messages: list[dict[str, str]]) -> ChatResponseGen:
        text = ""
        for record in self._model.create_chat_completion(
            messages, stream=True, max_tokens=self.max_new_tokens, temperature=self.temperature
        ):
            choice = record["choices"][0]
            piece = choice["delta"].get("content") or ""
            text += piece
            message = ChatMessage(role=MessageRole.ASSISTANT, content=text)
            yield ChatResponse(message=message, delta=piece, raw=choice)

    def _is_over(self) -> bool:
        return self._wanted is not None and self._wanted.is_over()
