"""The parts of the page that need no browser: markup, articles, exports, votes, added files."""

from __future__ import annotations

import json
import stat

import pytest
from articles import ARTICLES

from evals.dataset import load_dataset
from rag.errors import DocumentError
from rag.settings import RagSettings
from rag.types import (
    Agreement,
    Answer,
    AnswerMetadata,
    AnswerSentence,
    Citation,
    Conflict,
    Document,
    Passage,
    Span,
)
from ui import feedback, render
from ui.examples import examples_from
from ui.export import as_json, as_markdown
from ui.markup import clean, escape, one_line
from ui.passages import in_paragraph, paragraphs
from ui.sessions import Conversations, Turn, is_session, new_session
from ui.uploads import UploadFolder
from ui.wording import spoken_date

HOSTILE = '<img src=x onerror="a()"> **b** [c](javascript:d) \u202e\n\n# e `f` $$g$$ </article>'


def citation(
    number: int = 1, quote: str = "Dogs travel free.", outlet: str = "Gazette"
) -> Citation:
    return Citation(number, "ferry.txt", "Timetable", outlet, "2023-06-14", 5, 22, quote)


def answer(**changes) -> Answer:
    told = {
        "question": "May dogs travel?", "text": "Dogs travel free. [1]", "abstained": False,
        "citations": (citation(),), "sentences": (AnswerSentence("Dogs travel free. [1]", (1,)),),
        "confidence": 0.875,
    }  # fmt: skip
    return Answer(**(told | changes))


def test_escape_leaves_no_markup_and_one_line():
    assert escape(HOSTILE) == (
        "&lt;img src=x onerror=&quot;a()&quot;&gt; **b** [c](javascript:d) "
        "# e `f` $$g$$ &lt;/article&gt;"
    )


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('<a href="https://x.example">y</a>', "<a>y</a>"),
        ('<a href="//x.example/article?">y</a>', "<a>y</a>"),
        ('<a href="javascript:z()">y</a>', "<a>y</a>"),
        ('<a href="/article?document=a">y</a>', '<a href="/article?document=a">y</a>'),
        ('<p onclick="z()" style="color:red">y</p>', "<p>y</p>"),
        ("<script>z()</script><img src=q><iframe></iframe>y", "y"),
    ],
)
def test_clean_keeps_only_what_is_listed(given, kept):
    assert clean(given) == kept


def test_hostile_text_stays_text_everywhere_in_a_turn():
    told = answer(
        question=HOSTILE, text=f"{HOSTILE} [1]", short_answer=HOSTILE,
        citations=(Citation(1, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 0, 1, HOSTILE),),
        sentences=(AnswerSentence(HOSTILE, (1,)),),
        agreement=Agreement(2, 1, (Conflict((HOSTILE, "b"), ((1,), (1,)), HOSTILE),)),
        metadata=AnswerMetadata(answerer=HOSTILE, understood_as=HOSTILE, notices=(HOSTILE,)),
    )  # fmt: skip
    refused = answer(abstained=True, text=HOSTILE, citations=(),
                     nearest=(Passage(*[HOSTILE] * 4, 0, 1, HOSTILE, 0.5),))  # fmt: skip
    for markup in (
        render.turn(1, told), render.sources(1, told, lambda _: None), render.turn(2, refused),
        render.live_turn(3, HOSTILE, HOSTILE, HOSTILE, [citation(1, HOSTILE)]),
        render.failed_turn(4, HOSTILE, HOSTILE, text=HOSTILE),
    ):  # fmt: skip
        assert "<img" not in markup
        assert "javascript:d)" not in markup.replace("[c](javascript:d)", "")
        assert "\n" not in markup
        assert markup.count("<article") == markup.count("</article>")


def test_turn_shows_agreement_and_each_side_of_a_conflict():
    conflict = Conflict(("4.2 million", "4.8 million"), ((1,), (2,)), "number")
    told = answer(
        citations=(citation(1, outlet="AP"), citation(2, outlet="Gazette")),
        agreement=Agreement(3, 2, (conflict,)),
    )
    markup = render.turn(1, told)
    assert "The articles disagree" in markup
    assert "<dt>4.2 million</dt><dd>AP" in markup
    assert "<dt>4.8 million</dt><dd>Gazette" in markup
    assert "3 articles say this, 2 in wording of their own" in markup


@pytest.mark.parametrize(
    ("verdict", "label"),
    [
        ("supported", "supported"), ("misattributed", "citation corrected"),
        ("stitched", "combined"), ("unsupported", "not in the sources"),
    ],
)  # fmt: skip
def test_sentences_of_a_language_model_carry_their_verdict(verdict, label):
    told = answer(
        sentences=(AnswerSentence("Dogs pay nothing.", (1,), verdict),),
        metadata=AnswerMetadata(answerer="ollama:qwen3", notices=("The model stopped early.",)),
    )
    markup = render.turn(1, told)
    assert f'class="fn-checked fn-{verdict}"' in markup
    assert f">{label}</span>" in markup
    assert "The model stopped early." in markup
    assert "Written by ollama:qwen3" in markup


def test_marker_without_a_citation_is_left_as_text():
    markup = render.turn(1, answer(text="Dogs travel free. [7]", sentences=()))
    assert "[7]" in markup
    assert "fn-chip" not in markup


def test_quote_is_marked_within_its_paragraph():
    text = ARTICLES["ferry.txt"]
    start = text.index("Dogs")
    shown = in_paragraph(Document("f", text, ""), Span(start, start + 17))
    assert shown.before == "A return ticket costs 12 pounds. "
    assert shown.quote == "Dogs travel free."
    assert shown.after == ""


def test_long_paragraph_is_cut_between_words_and_the_quote_is_whole():
    text = "word " * 200 + "QUOTE" + " more" * 200
    shown = in_paragraph(Document("f", text, ""), Span(1000, 1005))
    assert shown.quote == "QUOTE"
    assert shown.before.startswith("… word ")
    assert shown.after.endswith(" more …")
    assert len(shown.before) < 330


def test_pieces_of_an_article_join_to_its_paragraphs():
    document = Document("f", "ab cd\n\nef gh\nij", "", kept=(Span(0, 5), Span(13, 15)))
    cut = list(paragraphs(document, Span(3, 5)))
    assert ["".join(piece.text for piece in line) for line in cut] == ["ab cd", "ef gh", "ij"]
    assert [(p.text, p.is_kept, p.is_marked) for p in cut[0]] == [
        ("ab ", True, False), ("cd", True, True)
    ]  # fmt: skip
    assert [piece.is_kept for piece in cut[1]] == [False]


def test_export_as_markdown_has_footnotes_and_escapes_markup():
    written = as_markdown(
        [Turn(1, "May *dogs* travel?", answer()), Turn(2, "q", failure="Stopped.")]
    )
    assert "## May \\*dogs\\* travel?" in written
    assert "Dogs travel free.[^1-1]" in written
    assert (
        "[^1-1]: “Dogs travel free.” Timetable, Gazette, 14 June 2023 (`ferry.txt` 5–22)" in written
    )
    assert "*Stopped.*" in written


def test_export_as_json_holds_whole_answers():
    saved = json.loads(as_json([Turn(1, "May dogs travel?", answer())]))
    assert saved["turns"][0]["answer"]["citations"][0]["quote"] == "Dogs travel free."


def test_vote_up_is_a_dataset_record_with_the_evidence(tmp_path):
    path = tmp_path / "votes" / "votes.jsonl"
    feedback.append(path, feedback.record(answer(short_answer="free"), is_good=True))
    vote = json.loads(path.read_text(encoding="utf-8"))
    assert set(vote) == {"id", "question", "answerable", "answers", "required", "forbidden",
                         "evidence", "min_documents", "notes"}  # fmt: skip
    assert vote["answers"] == ["free"]
    assert vote["evidence"] == [[{"document": "ferry.txt", "quote": "Dogs travel free."}]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("is_good", [True, False])
def test_votes_are_read_as_a_dataset(tmp_path, is_good):
    path = tmp_path / "votes.jsonl"
    feedback.append(path, feedback.record(answer(), is_good=is_good))
    feedback.append(path, feedback.record(answer(abstained=True, citations=()), is_good=is_good))
    assert [each.question for each in load_dataset(path).questions] == ["May dogs travel?"] * 2


def test_vote_down_keeps_no_evidence_and_takes_a_note(tmp_path):
    path = tmp_path / "votes.jsonl"
    vote = feedback.record(answer(), is_good=False)
    feedback.append(path, vote)
    assert feedback.annotate(path, vote["id"], "wrong\nferry")
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["evidence"] == []
    assert kept["notes"].startswith("wrong ferry | vote down")
    assert not feedback.annotate(path, "feedback-unknown", "x")


@pytest.fixture
def uploads(tmp_path) -> UploadFolder:
    settings = RagSettings().override(
        storage={"path": tmp_path / "store"}, server={"uploads": True, "max_upload_mb": 1}
    )
    made = UploadFolder.under(settings, tmp_path / "corpus")
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.exe", b"text", "has none of the endings"),
        ("a.txt", b"%PDF-1.7", "is not a text file"),
        ("a.txt", b"MZ\x90", "is not a text file"),
        ("a.txt", b"a\x00b", "NUL bytes"),
        ("a.txt", b" \n", "is empty"),
        ("a.txt", b"x" * 1_000_001, "is larger than 1 MB"),
    ],
)
def test_upload_refuses_what_is_no_text(uploads, tmp_path, name, data, reason):
    sent = tmp_path / "sent"
    sent.write_bytes(data)
    with pytest.raises(DocumentError, match=reason):
        uploads.add(sent, name)
    assert uploads.files() == []


def test_upload_is_stored_under_a_name_of_ours_in_a_private_folder(uploads, tmp_path):
    sent = tmp_path / "sent"
    sent.write_bytes(b"text")
    stored = uploads.add(sent, "../../etc/Passwd\n.TXT")
    assert stored.endswith("-Passwd.txt")
    assert uploads.files() == [stored]
    assert stat.S_IMODE(uploads.folder.stat().st_mode) == 0o700
    with pytest.raises(DocumentError):
        uploads.remove("../corpus/ferry.txt")
    uploads.remove(stored)
    assert uploads.files() == []


def test_sessions_are_kept_apart_and_the_oldest_go_first():
    kept = Conversations(most=2)
    first, second = new_session(), new_session()
    assert is_session(first)
    assert kept.of(first) is not kept.of(second)
    kept.of(first)
    kept.of(new_session())
    assert kept.peek(second) is None
    assert kept.peek(first) is not None


def test_examples_come_from_the_documents_and_are_answered(pipeline):
    questions = examples_from(pipeline, 4)
    assert 1 <= len(questions) <= 4
    assert all(not pipeline.ask(question).abstained for question in questions)


def test_dates_are_spoken():
    assert spoken_date("2024-01-31") == "31 January 2024"
    assert spoken_date("soon") == "soon"


def test_one_line_has_no_break():
    assert "\n" not in one_line("<p>a\nb</p>\r\n<p>c</p>")
