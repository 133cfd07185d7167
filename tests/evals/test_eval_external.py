"""External sets from a tiny folder of the same shape."""

from pathlib import Path

import pytest

from evals import external
from evals.dataset import locate_evidence
from evals.retrieval import rank_documents, read_scifact
from rag.errors import DatasetError
from rag.types import Chunk, ScoredChunk, Span

LOADER = """
def record(id, question, answers, answerable, doc_id, evidence, **meta):
    return dict(id=id, question=question, answers=answers, answerable=answerable, doc_id=doc_id,
                context=None, evidence=evidence, meta=meta)

def squad2_corpus():
    yield dict(doc_id="s-0", title="Force", text="Ada met Ada in 1900.", date=None)
    yield dict(doc_id="s-1", title="Normans", text="Bo left.", date=None)

def squad2():
    yield record("s1", "Who was met?", ["Ada"], True, ["s-0"], ["Ada"], title="Force",
                 spans=["Ada"], starts=[8])
    yield record("s2", "Who met Bo?", [], False, ["s-0"], [], title="Force", spans=[], starts=[])
    yield record("s3", "Who left?", ["Bo"], True, ["s-1"], ["Bo"], title="Normans",
                 spans=["Bo"], starts=[0])

def squadshifts_corpus(name):
    for n, title in enumerate(("Pears", "Pears", "Plums", "Figs")):
        yield dict(doc_id=f"w-{n}", title=title, text=f"Ann ate {n} of them.", date=None)

def squadshifts(name):
    for n, title in enumerate(("Pears", "Pears", "Plums", "Figs")):
        yield record(f"w{n}", "How many?", [str(n)], True, [f"w-{n}"], [], title=title,
                     spans=[str(n)], starts=[8])

def clapnq_corpus():
    yield dict(doc_id="c-1", title="Rain", text="Rain falls. It is wet.", date=None)
    yield dict(doc_id="c-2", title="Rain", text="Rain falls. It is wet.", date=None)

def clapnq_dev():
    yield record("c1", "what falls", ["A long answer."], True, ["c-1"], ["Rain falls."])
    yield record("c2", "what rises", [], False, ["c-2"], [])

def quotesum_dev():
    for answer, cites in (("x", [(1, "Ada")]), ("y", [(2, "Bo"), (2, "not there")])):
        yield record("z" + answer, "Who?", [answer], True, ["1", "2"], ["Ada came.", "Bo came."],
                     titles=["One", "Two"], short_answers=["Ada", "Bo"], citations=cites)

def scifact_corpus():
    yield dict(doc_id="7", title="Seven", text="Cells divide.", date=None)

def scifact(split):
    yield record("1", "Cells divide", [], True, ["7"], [])
"""


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    (tmp_path / "load.py").write_text(LOADER)
    monkeypatch.setattr(external.tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(external, "SPLITS", tmp_path / "splits.json")
    return tmp_path


def read(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_squad2_evidence_is_the_answers_own_span(data):
    dataset, corpus = external.prepare("squad2", data)
    texts = read(corpus)
    assert texts["s-0.txt"] == "Force\n\nAda met Ada in 1900.\n"
    ((gold,),) = locate_evidence(dataset, texts)["s1"]
    assert gold.span == Span(15, 18)  # the second Ada, behind title and blank line
    assert [q.answerable for q in dataset.questions] == [True, False, True]


def test_squad2_asks_test_articles_only_when_the_splits_name_them(data):
    (data / "splits.json").write_text('{"squad2": {"train": ["Normans"], "test": ["Force"]}}')
    dataset, corpus = external.prepare("squad2", data)
    assert [q.id for q in dataset.questions] == ["s1", "s2"]
    assert set(read(corpus)) == {"s-0.txt"}


def test_new_wiki_leaves_paragraphs_of_the_articles_asked_about_out(data):
    (data / "splits.json").write_text('{"new_wiki_held_out": ["Figs", "Pears"]}')
    dataset, corpus = external.prepare("new_wiki", data)
    # Figs fitted the weights, Plums trained the reader; the first paragraph is left out
    assert set(read(corpus)) == {"w-1.txt", "w-3.txt"}
    assert [(q.id, q.answerable) for q in dataset.questions] == [("w0", False), ("w1", True)]
    ((gold,),) = locate_evidence(dataset, read(corpus))["w1"]
    assert read(corpus)["w-1.txt"][gold.span.start : gold.span.end] == "1"


def test_new_wiki_without_splits_asks_everything_and_leaves_every_fourth_out(data):
    dataset, corpus = external.prepare("new_wiki", data)
    assert set(read(corpus)) == {"w-1.txt", "w-2.txt", "w-3.txt"}
    assert [q.answerable for q in dataset.questions] == [False, True, True, True]


def test_clapnq_has_evidence_but_no_facts_and_equal_passages_once(data):
    dataset, corpus = external.prepare("clapnq", data)
    answerable, unanswerable = dataset.questions
    assert answerable.facts == ()
    assert answerable.answers == ("A long answer.",)
    assert not unanswerable.answerable
    assert set(read(corpus)) == {"c-1.txt"}
    assert len(locate_evidence(dataset, read(corpus))["c1"]) == 1


def test_quotesum_joins_the_answers_to_a_question(data):
    dataset, corpus = external.prepare("quotesum", data)
    (question,) = dataset.questions
    assert question.answers == ("Ada", "Bo")
    assert question.min_documents == 2
    gold = locate_evidence(dataset, read(corpus))[question.id]
    assert [group[0].document for group in gold] == ["quotesum-0-1.txt", "quotesum-0-2.txt"]


def test_scifact_qrels_name_files(data):
    paragraphs, claims, qrels = read_scifact(data)
    assert paragraphs.texts == {"7.txt": "Seven\n\nCells divide.\n"}
    assert claims == {"1": "Cells divide"}
    assert qrels == {"1": {"7.txt": 1}}


def test_a_document_ranks_with_its_best_chunk():
    def found(document: str, score: float) -> ScoredChunk:
        return ScoredChunk(Chunk(f"{document}{score}", document, Span(0, 1), "x", 1), score)

    ranked = rank_documents([found("b", 0.9), found("a", 0.8), found("b", 0.7)])
    assert ranked == {"b": 2.0, "a": 1.0}


def test_samples_are_seeded_and_in_order(data):
    questions = external.read_external("squad2", data).questions
    first = external.sample(questions, 2)
    assert first == external.sample(questions, 2)
    assert [questions.index(q) for q in first] == sorted(questions.index(q) for q in first)


def test_unknown_sets_and_missing_folders_say_what_to_do(data, tmp_path):
    with pytest.raises(DatasetError, match="Known: clapnq, new_wiki, quotesum, scifact, squad2"):
        external.prepare("trec", data)
    with pytest.raises(DatasetError, match="--data FOLDER"):
        external.data_folder(None)
    with pytest.raises(DatasetError, match=r"no load\.py"):
        external.data_folder(tmp_path / "temporary")
    (data / "load.py").write_text("")
    with pytest.raises(DatasetError, match="squad2 cannot be read"):
        external.prepare("squad2", data)
