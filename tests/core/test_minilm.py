"""The embedder: equal to the original, whatever the batch; its weights checked, its cache healed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from rag import minilm
from rag.errors import ModelUnavailableError
from rag.minilm import MiniLm, find_weights
from rag.settings import EmbeddingSettings

LONG = ("The committee approved the budget of the harbour. " * 60).strip()
# Recorded with transformers 5.23.0 and torch 2.13.0 on CPU from the same weights: AutoModel,
# truncation at 256, mean of the last layer over the attention mask, normalised. For each text the
# first eight numbers, and the dot product with arange(384) / 384, which moves with any of the 384.
RECORDED = {
    "Jen Daskal led the US delegation.": (
        [0.001824, 0.11594, 1.2e-05, 0.045431, -0.03329, -0.012587, -0.025625, -0.011491], 0.39226),
    "Preheat the oven to 180 °C and grease a tin.": (
        [-0.02184, 0.05898, 0.014486, 0.010114, -0.099359, -0.011796, -0.010671, -0.020316],
        0.187033),
    "会议在北京举行。": (
        [0.065032, 0.09608, 0.015178, -0.02135, -0.05618, 0.03408, 0.10286, 0.010766], -0.148414),
    "x": (
        [-0.09791, -0.064001, -0.023181, -0.046197, 0.0217, -0.028492, 0.154854, 0.054404],
        0.605968),
    "naïve café 😀 100,000 U.S. “quotes”": (
        [-0.020829, 0.001332, 0.011996, 0.077799, 0.039426, 0.02276, 0.094859, -0.041743],
        -0.383367),
    LONG: (
        [0.002343, 0.058781, 0.002074, 0.030998, 0.018175, 0.041317, -0.054888, -0.009562],
        -0.183836),
}  # fmt: skip
TEXTS = list(RECORDED)


@pytest.fixture(scope="module")
def weights() -> Path:
    found = find_weights(None)
    assert found is not None, "make venv installs the weights"
    return found


@pytest.fixture(scope="module")
def cache(models_folder: Path) -> Path:
    return models_folder


@pytest.fixture(scope="module")
def fp32(weights: Path, cache: Path) -> MiniLm:
    return MiniLm(weights, EmbeddingSettings(precision="fp32"), cache)


def test_vectors_equal_those_of_the_original_implementation(fp32: MiniLm) -> None:
    vectors = fp32.encode(TEXTS)
    for vector, (head, sum_) in zip(vectors, RECORDED.values(), strict=True):
        np.testing.assert_allclose(vector[:8], head, atol=5e-6)
        assert float(vector @ np.arange(384) / 384) == pytest.approx(sum_, abs=5e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-6)


def test_vectors_do_not_depend_on_order_or_batch_size(
    weights: Path, cache: Path, fp32: MiniLm
) -> None:
    one_by_one = MiniLm(weights, EmbeddingSettings(precision="fp32", batch_size=1), cache)
    together = fp32.encode(TEXTS)
    np.testing.assert_allclose(one_by_one.encode(TEXTS[::-1])[::-1], together, atol=2e-6)


def test_no_texts_give_no_vectors_and_an_empty_text_gives_one(fp32: MiniLm) -> None:
    assert fp32.encode([]).shape == (0, 384)
    assert np.isfinite(fp32.encode([""])).all()


def test_int8_is_near_fp32_and_ranks_a_paraphrase_first(
    weights: Path, cache: Path, fp32: MiniLm
) -> None:
    int8 = MiniLm(weights, EmbeddingSettings(precision="int8"), cache)
    english = [TEXTS[0], TEXTS[1], LONG]
    assert (int8.encode(english) * fp32.encode(english)).sum(axis=1).min() > 0.97
    question, *passages = int8.encode(["Who headed the American delegation?", *english])
    assert int(np.argmax([question @ passage for passage in passages])) == 0
    assert int8.name != fp32.name


def test_prepare_tells_how_far_it_is_and_leaves_nothing_to_open(weights: Path, cache: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    model = MiniLm(weights, EmbeddingSettings(), cache)
    model.prepare(lambda *step: steps.append(step))
    stage = "Preparing the embedding model"
    assert steps == [(stage, 0, 2), (stage, 1, 2), (stage, 2, 2)]
    assert {"_tokenizer", "_session"} <= vars(model).keys()


def test_count_pieces_is_not_cut_off_at_what_the_model_reads(fp32: MiniLm) -> None:
    assert fp32.count_pieces("the harbour") == 2
    assert fp32.count_pieces(LONG) > 500


def test_weights_with_a_wrong_hash_are_refused_even_with_a_good_cache(
    weights: Path, cache: Path, fp32: MiniLm, tmp_path: Path
) -> None:
    fp32.encode(["fills the cache"])
    shutil.copy(weights / "tokenizer.json", tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    for folder in (cache, tmp_path / "models"):
        other = MiniLm(tmp_path, EmbeddingSettings(weights=tmp_path, precision="fp32"), folder)
        with pytest.raises(ModelUnavailableError, match=r"have SHA-256 .* expected 53aa51172d14"):
            other.encode(["text"])


@pytest.mark.parametrize("missing", ["model.safetensors", "tokenizer.json"])
def test_configured_folder_without_a_file_is_one_sentence(tmp_path: Path, missing: str) -> None:
    for name in minilm.FILES:
        (tmp_path / name).touch()
    (tmp_path / missing).unlink()
    with pytest.raises(ModelUnavailableError, match=rf"No {missing} in .*RAG_EMBEDDING__WEIGHTS"):
        find_weights(tmp_path)


def test_broken_tokenizer_is_one_sentence(weights: Path, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "model.safetensors").symlink_to(weights / "model.safetensors")
    model = MiniLm(tmp_path, EmbeddingSettings(), cache)
    with pytest.raises(ModelUnavailableError, match="tokenizer in .* cannot be read"):
        model.encode(["text"])


def test_corrupt_cache_is_built_again(
    weights: Path, cache: Path, fp32: MiniLm, tmp_path: Path
) -> None:
    expected = fp32.encode([TEXTS[0]])
    (graph,) = (
        Path(shutil.copy(path, tmp_path)) for path in cache.glob("*fp32*") if path.suffix == ".onnx"
    )
    shutil.copy(cache / f"{graph.stem}.sha256", tmp_path)
    os.truncate(graph, 1000)
    again = MiniLm(weights, EmbeddingSettings(precision="fp32"), tmp_path)
    np.testing.assert_array_equal(again.encode([TEXTS[0]]), expected)
    assert graph.stat().st_size > 80_000_000
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".onnx", ".sha256"]


def test_unwritable_cache_is_not_needed(weights: Path, tmp_path: Path, fp32: MiniLm) -> None:
    (tmp_path / "file").touch()
    model = MiniLm(weights, EmbeddingSettings(precision="fp32"), tmp_path / "file" / "models")
    np.testing.assert_allclose(model.encode([TEXTS[0]]), fp32.encode([TEXTS[0]]), atol=1e-6)
