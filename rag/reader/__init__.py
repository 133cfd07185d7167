"""The reader: finds the answering span in a passage and says how surely there is one.

Takes a question and passages; gives one `Reading` for each. The shipped model is a 6-layer MiniLM
(model/MODEL_CARD.md) run by onnxruntime; `training/` made it and is not needed to run it.
"""

from __future__ import annotations

from rag.reader.reader import NOTHING_READ_SCORE, Reader, Reading
from rag.reader.shipped import open_default_reader

__all__ = ["NOTHING_READ_SCORE", "Reader", "Reading", "open_default_reader"]
