"""Each measure of one answer on two short documents, values worked out by hand."""

import pytest
from toys import LASTED, LED, cite, decline, say

from evals.measures import MEASURES
from evals.measures.accuracy import accuracy
from evals.measures.citation_precision import citation_precision
from evals.measures.citation_recall import citation_recall
from evals.measures.correct import correct
from evals.measures.evidence import evidence_cited
from evals.measures.grounded import grounded
from evals.measures.match import exact_match, token_f1
from evals.measures.quotes import inexact_quotes
from evals.measures.short_answer import short_answer
from evals.measures.witnesses import witnesses
from rag.types import Citation, Passage

RIGHT = cite("a.txt", "Ada led the talks in Bern.")
OTHER = cite("b.txt", "Rain fell.", 2)


def test_accuracy_wants_every_fact_in_any_wording(make_case):
    case = make_case(required=[["Ada"], ["two days", "2 days"]])
    assert accuracy(case, say("ADA spoke for 2 days. [1]")) == 1
    assert accuracy(case, say("Ada spoke. [2]")) == 0


def test_accuracy_reads_the_short_answer_and_no_markers(make_case):
    assert accuracy(make_case(), say("She did. [1]", short_answer="Ada")) == 1
    assert accuracy(make_case(required=[["2"]]), say("Some. [2]")) == 0


def test_a_forbidden_string_makes_an_answer_inaccurate(make_case):
    assert accuracy(make_case(forbidden=["Bo"]), say("Ada and Bo.")) == 0


def test_accuracy_of_an_abstention_is_zero_and_without_facts_unknown(make_case):
    assert accuracy(make_case(), decline()) == 0
    assert accuracy(make_case(required=[], answers=[]), say("Ada")) is None
    assert accuracy(make_case(answerable=False), say("Ada")) is None


def test_grounded_wants_accuracy_and_a_citation_in_gold(make_case):
    case = make_case(LED)
    assert grounded(case, say("Ada.", OTHER, RIGHT)) == 1
    assert grounded(case, say("Ada.", OTHER)) == 0
    assert grounded(case, say("Bo.", RIGHT)) == 0
    assert grounded(case, decline()) == 0
    assert grounded(make_case(), say("Ada.", RIGHT)) is None


def test_one_shared_character_is_an_overlap_and_touching_is_none(make_case):
    case = make_case(LASTED)
    touching = Citation(1, "a.txt", "", "", "", 0, 27, "Ada led the talks in Bern. ")
    sharing = Citation(1, "a.txt", "", "", "", 0, 28, "Ada led the talks in Bern. T")
    assert evidence_cited(case, say("x", touching)) == 0
    assert evidence_cited(case, say("x", sharing)) == 1


def test_the_same_offsets_of_another_document_are_no_evidence(make_case):
    elsewhere = Citation(1, "b.txt", "", "", "", 27, 37, "Rain fell.")
    assert evidence_cited(make_case(LASTED), say("x", elsewhere)) == 0


def test_citation_precision_is_the_share_in_gold(make_case):
    case = make_case(LED)
    assert citation_precision(case, say("Ada.", RIGHT, OTHER)) == 1 / 2
    assert citation_precision(case, say("Ada.")) == 0
    assert citation_precision(case, decline()) is None
    assert citation_precision(make_case(), say("Ada.", RIGHT)) is None


def test_citation_recall_is_the_share_of_groups_cited(make_case):
    case = make_case(LED, LASTED)
    both = cite("b.txt", "Ada headed the delegation.")
    assert citation_recall(case, say("Ada.", RIGHT)) == 1 / 2
    assert citation_recall(case, say("Ada.", RIGHT, both)) == 1 / 2  # one group, twice
    assert citation_recall(case, decline()) == 0
    assert citation_recall(make_case(), say("Ada.")) is None


def test_correct_is_declining_what_cannot_be_answered(make_case):
    case = make_case(answerable=False, required=[], answers=[])
    assert correct(case, decline()) == 1
    assert correct(case, say("Ada.")) == 0


def test_correct_falls_back_to_what_can_be_judged(make_case):
    assert correct(make_case(LED), say("Ada.", OTHER)) == 0  # grounded
    assert correct(make_case(), say("Ada.")) == 1  # accuracy
    assert correct(make_case(LED, required=[], answers=[]), say("x", RIGHT)) == 1  # evidence
    assert correct(make_case(required=[], answers=[]), say("x")) is None


def test_exact_match_and_f1_take_the_best_gold(make_case):
    case = make_case(answers=["the talks in Bern", "Ada"])
    assert exact_match(case, say("Long text.", short_answer="Talks in Bern!")) == 1
    # said: ada led talks (3), gold: talks in bern (3), one shared: 2 * 1 / 6
    assert token_f1(make_case(answers=["talks in Bern"]), say("Ada led talks [1]")) == 1 / 3
    assert token_f1(case, say("Ada. [1]")) == 1
    assert token_f1(case, decline()) == 0
    assert token_f1(case, say("[1]")) == 0
    assert exact_match(make_case(answers=[]), say("Ada")) is None


def test_token_f1_counts_repeated_words_once_each(make_case):
    # said: ada ada (2), gold: ada (1), shared 1: 2 * 1 / 3
    assert token_f1(make_case(answers=["Ada"]), say("Ada Ada")) == 2 / 3


def test_short_answers_are_right_by_words_shared_with_a_gold_answer(make_case):
    case = make_case(answers=["about 50 times"])
    assert short_answer(case, say("Quote.", short_answer="50 times")) == 1
    assert short_answer(case, say("Quote.", short_answer="it is about 50 times as strong")) == 1
    # one of two words is shared: 2 * 1 / (2 + 3) is under a half
    assert short_answer(case, say("Quote.", short_answer="100 times")) == 0
    assert short_answer(case, say("Quote.")) is None
    assert short_answer(make_case(answers=[]), say("Quote.", short_answer="50")) is None
    unanswerable = make_case(answerable=False, answers=[])
    assert short_answer(unanswerable, say("Quote.", short_answer="50 times")) == 0


def test_witnesses_are_different_documents_rightly_cited(make_case):
    case = make_case(LED, min_documents=2)
    second = cite("b.txt", "Ada headed the delegation.")
    assert witnesses(case, say("Ada.", RIGHT, second)) == 1
    assert witnesses(case, say("Ada.", RIGHT, RIGHT)) == 0
    assert witnesses(case, say("Ada.", RIGHT, OTHER)) == 0
    assert witnesses(case, decline()) == 0
    assert witnesses(make_case(LED, min_documents=1), say("Ada.", RIGHT)) is None


@pytest.mark.parametrize(
    ("start", "end", "quote", "document"),
    [
        (0, 3, "Bo!", "a.txt"),
        (1, 4, "Ada", "a.txt"),
        (-3, 0, "", "a.txt"),
        (0, 0, "", "a.txt"),
        (0, 999, "Ada", "a.txt"),
        (0, 3, "Ada", "c.txt"),
    ],
)
def test_quotes_that_do_not_stand_at_their_offsets_are_counted(
    make_case, start, end, quote, document
):
    wrong = Citation(1, document, "", "", "", start, end, quote)
    assert inexact_quotes(make_case(), say("x", RIGHT, wrong)) == 1


def test_nearest_passages_are_held_to_exactness_too(make_case):
    wrong = Passage("a.txt", "", "", "", 0, 3, "Bo!", 0.4)
    assert inexact_quotes(make_case(), decline(nearest=(wrong,))) == 1
    assert inexact_quotes(make_case(), decline()) == 0


def test_every_measure_has_a_value_or_none_for_every_kind_of_question(make_case):
    for fields in ({}, {"answerable": False}, {"required": [], "answers": []}):
        for answer in (say(""), decline()):
            for name, measure in MEASURES.items():
                value = measure(make_case(**fields), answer)
                assert value is None or 0 <= value <= 1, name
