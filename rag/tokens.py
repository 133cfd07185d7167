"""Token counts with tiktoken's o200k_base, offline.

tiktoken fetches its vocabularies at first use; llama-index-core carries o200k_base inside its
package, so pointing tiktoken's cache there makes it work without a network.
"""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import ModelUnavailableError

if TYPE_CHECKING:
    import tiktoken


def count_tokens(text: str) -> int:
    """Number of o200k_base tokens of `text`; special tokens count as ordinary text."""
    return len(_encoding().encode(text, disallowed_special=()))


@cache
def _encoding() -> tiktoken.Encoding:
    os.environ["TIKTOKEN_CACHE_DIR"] = str(_bundled_vocabulary())
    import tiktoken

    return tiktoken.get_encoding("o200k_base")


def _bundled_vocabulary() -> Path:
    spec = importlib.util.find_spec("llama_index.core")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        bundled = Path(folder) / "_static" / "tiktoken_cache"
        if bundled.is_dir():
            return bundled
    raise ModelUnavailableError(
        "The tokenizer vocabulary inside llama-index-core is missing. "
        "Install it again: pip install --force-reinstall llama-index-core"
    )
