"""llama-index's transformers model with a deadline, its own token count and honest failures.

As it comes, a failure inside the generating thread leaves the reader of the stream waiting for
ever, a person who leaves does not stop the computing, and a model without a chat template cannot
be asked at all.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from llama_index.core.base.llms.generic_utils import messages_to_prompt
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseGen,
    MessageRole,
)
from llama_index.llms.huggingface import HuggingFaceLLM
from pydantic import PrivateAttr
from transformers import StoppingCriteriaList, TextIteratorStreamer  # type: ignore[import-not-found,unused-ignore]

from rag.local_llm import LocalChat, Wanted, turn


class HuggingFaceChat(LocalChat, HuggingFaceLLM):  # type: ignore[misc]  # the checker does not follow it
    """A causal model of transformers in this process; threads take turns."""

    _turns: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._turns = threading.Lock()

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` by the model's own vocabulary."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _prompt(self, messages: Sequence[ChatMessage]) -> dict[str, Any]:
        """Token ids of the messages, written as the model's template wants them."""
        if self._tokenizer.chat_template:
            # The template writes the special tokens itself.
            prompt, special = self._tokenizer_messages_to_prompt(messages), False
        else:
            prompt, special = messages_to_prompt(messages), True
        read = self._tokenizer(prompt, return_tensors="pt", add_special_tokens=special)
        return {name: read[name].to(self._model.device) for name in ("input_ids", "attention_mask")}

    def _replies(self, inputs: dict[str, Any], call: Wanted) -> ChatResponseGen:
        with turn(self._turns, call):
            generation = _Generation(self._model, self._tokenizer, inputs, call)
            options = {"max_new_tokens": self.max_new_tokens, **self.generate_kwargs}
            text = ""
            for piece in generation.pieces(options):
                text += piece
                yield _response(text, piece, None)
            call.check()
            reached = generation.new_tokens >= self.max_new_tokens
            yield _response(text, "", "length" if reached else "stop")


class _Generation:
    """One call of `generate` in a thread of its own, ended when nobody reads it any more."""

    def __init__(self, model: Any, tokenizer: Any, inputs: dict[str, Any], call: Wanted) -> None:
        self.new_tokens = 0
        self._model, self._inputs, self._call = model, inputs, call
        self._is_closed = threading.Event()
        self._failure: Exception | None = None
        self._streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)

    def pieces(self, options: dict[str, Any]) -> Any:
        """The text as it comes; raises what `generate` raised."""
        thread = threading.Thread(target=self._run, args=(options,), daemon=True)
        thread.start()
        try:
            yield from (piece for piece in self._streamer if piece)
        finally:
            self._is_closed.set()
            thread.join()
        if self._failure:
            raise self._failure

    def _run(self, options: dict[str, Any]) -> None:
        stop = StoppingCriteriaList([lambda *_, **__: self._is_over()])
        try:
            whole = self._model.generate(
                **self._inputs, streamer=self._streamer, stopping_criteria=stop, **options
            )
            self.new_tokens = whole.shape[1] - self._inputs["input_ids"].shape[1]
        except Exception as error:  # noqa: BLE001 (handed on to the thread that reads)
            self._failure = error
            self._streamer.end()

    def _is_over(self) -> bool:
        return self._is_closed.is_set() or self._call.is_over()


def _response(text: str, piece: str, finish: str | None) -> ChatResponse:
    message = ChatMessage(role=MessageRole.ASSISTANT, content=text)
    return ChatResponse(message=message, delta=piece, raw={"finish_reason": finish})
