"""Sentences and chunks are exact, advance and leave nothing out, whatever the text."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.analyze import terms, words
from rag.chunk import MAX_PIECES, chunk_document, document_sentences
from rag.clean import kept_spans
from rag.minilm import MiniLm, find_weights
from rag.sentences import paragraphs, sentences
from rag.settings import ChunkingSettings, EmbeddingSettings
from rag.tokens import count_tokens
from rag.types import Chunk, Document, Span

PIECES = [
    "The committee met on Tuesday.", "The committee met on Tuesday.", "It rained.", "Dr. Smith",
    "U.S. officials", "“Yes,” she said.", "”He went on.", "Why? Because!", "3.5 million", "e.g. this",
    "会议在北京举行。", "协议已签署！", "😀", "👨‍👩‍👧‍👦", "🇩🇪", "naïve", "e\u0301", "\u00a0", "\u3000",
    " ", "  ", "\t", "\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "\u2028", "\x0c", "\ufeff", "- item",
    "# Heading", "| a | b |", "```", "…", "...", "x" * 700, "Share", "ADVERTISING", "word " * 90,
]  # fmt: skip
texts = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join),
    st.text(max_size=300),
)


def document(text: str, kept: tuple[Span, ...] | None = None) -> Document:
    return Document("a.txt", text, "0" * 64, kept=tuple(kept_spans(text)) if kept is None else kept)


def covered(spans: list[Span]) -> set[int]:
    return {at for span in spans for at in range(span.start, span.end)}


def visible(text: str, spans: list[Span]) -> set[int]:
    return {at for at in covered(spans) if not text[at].isspace()}


def everything(text: str) -> list[Span]:
    return [Span(0, len(text))]


@given(texts)
@settings(max_examples=150, deadline=None)
def test_paragraphs_and_sentences_advance_are_trimmed_and_cover_what_can_be_seen(text: str) -> None:
    for spans in (paragraphs(text), sentences(text)):
        assert all(a.end <= b.start for a, b in itertools.pairwise(spans))
        assert all(span.of(text) == span.of(text).strip() != "" for span in spans)
        assert visible(text, spans) == visible(text, everything(text))


@given(texts)
@settings(max_examples=100, deadline=None)
def test_kept_spans_are_whole_paragraphs_in_order(text: str) -> None:
    parts = paragraphs(text)
    kept = kept_spans(text)
    assert [part for part in parts if part in set(kept)] == kept
    assert bool(kept) == bool(parts)


@given(texts, st.integers(16, 200), st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_chunks_are_exact_advance_fit_the_budget_and_cover_the_kept_text(
    text: str, max_tokens: int, overlap: int
) -> None:
    source = document(text)
    chunks = chunk_document(
        source, ChunkingSettings(max_tokens=max_tokens, overlap_sentences=overlap)
    )
    assert all(chunk.text == text[chunk.span.start : chunk.span.end] for chunk in chunks)
    assert all(chunk.token_count == count_tokens(chunk.text) <= max_tokens for chunk in chunks)
    assert all(
        a.span.start < b.span.start and a.span.end < b.span.end
        for a, b in itertools.pairwise(chunks)
    )
    assert len({chunk.id for chunk in chunks}) == len(chunks)
    found = [span for chunk in chunks for span in chunk.sentences]
    assert visible(text, found) == visible(text, list(source.kept))
    assert all(inside(chunk) for chunk in chunks)


def inside(chunk: Chunk) -> bool:
    first, last = chunk.sentences[0], chunk.sentences[-1]
    ordered = all(a.end <= b.start for a, b in itertools.pairwise(chunk.sentences))
    return ordered and (first.start, last.end) == (chunk.span.start, chunk.span.end)


@given(texts)
@settings(max_examples=50, deadline=None)
def test_chunks_are_the_same_each_time(text: str) -> None:
    limits = ChunkingSettings(max_tokens=40)
    assert chunk_document(document(text), limits) == chunk_document(document(text), limits)


@given(texts)
@settings(max_examples=100, deadline=None)
def test_words_are_exact_spans_with_a_term_that_is_stable(text: str) -> None:
    found = words(text)
    assert all(word.surface == word.span.of(text) for word in found)
    assert all(a.span.end <= b.span.start for a, b in itertools.pairwise(found))
    assert all('"' not in word.term and not any(map(str.isspace, word.term)) for word in found)


def test_chunk_ids_depend_on_path_span_and_text() -> None:
    limits = ChunkingSettings()
    one = chunk_document(document("It rained. It rained."), limits)
    other = chunk_document(
        Document("b.txt", "It rained. It rained.", "", kept=one[0:1] and (Span(0, 21),)), limits
    )
    assert one[0].id != other[0].id


@pytest.mark.parametrize(
    "text",
    [
        "वे मंगलवार को मिले और उन्होंने संयुक्त प्रयासों पर चर्चा की " * 20,
        "| a | b | c |\n|---|---|---|\n" * 60,
        "Donaudampfschifffahrtsgesellschaftskapitän " * 60,
        "1." + "0" * 2000,
        "会议在北京举行" * 120,
    ],
)
def test_chunks_fit_into_what_the_embedder_reads(text: str) -> None:
    weights = find_weights(None)
    assert weights is not None, "make venv installs the weights"
    model = MiniLm(weights, EmbeddingSettings(), None)
    source = document(text)
    chunks = chunk_document(source, ChunkingSettings(max_tokens=240), model.count_pieces)
    assert all(model.count_pieces(chunk.text) <= MAX_PIECES for chunk in chunks)
    found = [span for chunk in chunks for span in chunk.sentences]
    assert visible(text, found) == visible(text, list(source.kept))


def test_chunk_repeats_the_last_sentence_of_the_one_before() -> None:
    text = "Alpha one two three. Bravo one two three. Charlie one two three. Delta one two three."
    chunks = chunk_document(document(text), ChunkingSettings(max_tokens=16, overlap_sentences=1))
    assert [chunk.text for chunk in chunks] == [
        "Alpha one two three. Bravo one two three.",
        "Bravo one two three. Charlie one two three.",
        "Charlie one two three. Delta one two three.",
    ]


def test_chunk_never_reaches_over_boilerplate() -> None:
    text = "The lamp was moved.\n\nADVERTISING\n\nIt weighs two tonnes."
    chunks = chunk_document(document(text), ChunkingSettings())
    assert [chunk.text for chunk in chunks] == ["The lamp was moved.", "It weighs two tonnes."]


def test_long_text_without_spaces_is_cut_between_whole_characters() -> None:
    text = "👨‍👩‍👧‍👦" * 60
    chunks = chunk_document(document(text), ChunkingSettings(max_tokens=64))
    assert len(chunks) > 1
    assert all(chunk.text.startswith("👨") for chunk in chunks)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Brown met Dr. Ng. They talked.", ["Mr. Brown met Dr. Ng.", "They talked."]),
        ("He lives in the U.S. The house is old.", ["He lives in the U.S.", "The house is old."]),
        ("U.S. officials met.", ["U.S. officials met."]),
        ("It cost 4.2 million. Yes.", ["It cost 4.2 million.", "Yes."]),
        ("“Go,” he said.”She left.", ["“Go,” he said.”", "She left."]),
        ("What? Nothing!", ["What?", "Nothing!"]),
        ("会议举行。协议签署！", ["会议举行。", "协议签署！"]),
        ("One line\nAnother line", ["One line", "Another line"]),
        ("Sen. Kennedy (R-LA) spoke on Jan. 11, 2024, in Washington, D.C. The hearing ended.",
         ["Sen. Kennedy (R-LA) spoke on Jan. 11, 2024, in Washington, D.C.", "The hearing ended."]),
        ("“Wait…” he said. Then silence.", ["“Wait…” he said.", "Then silence."]),
        ("between” MM. Xi and Biden, he said.", ["between” MM. Xi and Biden, he said."]),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert [span.of(text) for span in sentences(text)] == expected


def test_hard_wrapped_lines_are_one_paragraph_and_list_lines_are_not() -> None:
    wrapped = (
        "The stone bridge over the Alder was closed for two\n"
        "years while masons from three counties replaced the\n"
        "keystones.\n"
    )
    assert len(paragraphs(wrapped)) == 1
    assert len(paragraphs("salt\nolive oil\nflour\n")) == 3
    assert (
        len(paragraphs("- one thing to be done before the meeting on Tuesday\n- another one\n"))
        == 2
    )


def test_sentences_of_a_document_leave_out_boilerplate() -> None:
    text = "It rained.\n\nLeave a Comment"
    assert [span.of(text) for span in document_sentences(document(text))] == ["It rained."]


def test_terms_join_initials_numbers_accents_and_possessives() -> None:
    assert terms("the U.S. and US") == ["the", "usa", "and", "usa"]
    assert terms("about us") == ["about", "us"]
    assert terms("100,000 café's deaths") == ["100000", "cafe", "death"]
    assert terms("who led the delegation", stopwords=False) == ["led", "deleg"]


def test_count_tokens_reads_special_tokens_as_text() -> None:
    assert count_tokens("<|endoftext|>") > 1
    assert count_tokens("") == 0
