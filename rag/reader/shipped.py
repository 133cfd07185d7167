"""Which reader to use: the shipped one, another ONNX file, or none."""

from __future__ import annotations

from pathlib import Path

from rag.errors import ModelUnavailableError
from rag.reader.reader import Reader

MODEL_FOLDER = Path(__file__).with_name("model")
MODEL_PATH = MODEL_FOLDER / "reader.onnx"
TOKENIZER_PATH = MODEL_FOLDER / "tokenizer.json"


def open_default_reader(model: str | None = None, *, threads: int = 0) -> Reader | None:
    """The reader named by `model`: None or "default" the shipped one, "none" no reader, else the
    path of an ONNX file (with the tokenizer.json beside it, or ours).

    Nothing is loaded before the first question. Raises ModelUnavailableError when the path does
    not exist.
    """
    if model == "none":
        return None
    if model in (None, "", "default"):
        return Reader(MODEL_PATH, TOKENIZER_PATH, threads=threads)
    path = Path(str(model)).expanduser()
    if not path.is_file():
        raise ModelUnavailableError(
            f"No reader model at {path}. Set RAG_READER__MODEL to an ONNX file, to default, or to "
            "none to go on without a reader."
        )
    beside = path.with_name("tokenizer.json")
    return Reader(path, beside if beside.is_file() else TOKENIZER_PATH, threads=threads)
