"""Measures of a whole run: rankings, risk-coverage, calibration, latency, statistics."""

import math

import pytest
from toys import LASTED, LED, gold, span_of

from evals.measures.calibration import calibration_bins, expected_calibration_error
from evals.measures.latency import percentile
from evals.measures.ranking import RANKING, calculate, ranking_scores
from evals.measures.risk_coverage import aurc, risk_coverage
from evals.stats import mcnemar, mean, share
from rag.types import Chunk, ScoredChunk


def chunk(identity: str, document: str, quote: str, score: float) -> ScoredChunk:
    return ScoredChunk(Chunk(identity, document, span_of(document, quote), quote, 5), score)


RAIN = chunk("c1", "b.txt", "Rain fell.", 0.9)
BO = chunk("c2", "b.txt", "Bo stayed home.", 0.8)
LEADS = chunk("c3", "a.txt", "Ada led the talks in Bern.", 0.7)
DAYS = chunk("c4", "a.txt", "The talks lasted two days.", 0.6)


def scores(run: list[ScoredChunk], *groups: list[tuple[str, str]]) -> dict[str, float | None]:
    return ranking_scores({"q": run}, {"q": gold(*groups)})["q"]


def test_ranking_values_of_two_passages_at_ranks_three_and_four():
    # DCG = 1/log2(4) + 1/log2(5); ideal = 1/log2(2) + 1/log2(3)
    found = scores([RAIN, BO, LEADS, DAYS], LED, LASTED)
    ndcg = (1 / 2 + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    assert found["nDCG@10"] == pytest.approx(ndcg)
    assert found["MRR@10"] == pytest.approx(1 / 3)
    assert (found["hit@5"], found["recall@5"], found["recall@10"]) == (1, 1, 1)


def test_ranking_k_larger_than_the_list():
    found = scores([RAIN, LEADS], LED, LASTED)
    assert (found["recall@5"], found["recall@10"], found["MRR@10"]) == (1 / 2, 1 / 2, 1 / 2)


def test_ranking_without_results_is_zero():
    assert scores([], LED) == dict.fromkeys(RANKING, 0.0)
    several = ranking_scores({"q": [], "r": [LEADS]}, {"q": gold(LED), "r": gold(LED)})
    assert several["q"] == dict.fromkeys(RANKING, 0.0)


def test_ranking_without_judgements_is_left_out():
    assert scores([RAIN]) == dict.fromkeys(RANKING)


def test_ranking_breaks_ties_by_chunk_id():
    first = chunk("a", "a.txt", "Ada led the talks in Bern.", 0.5)
    second = chunk("b", "b.txt", "Rain fell.", 0.5)
    assert scores([second, first], LED)["MRR@10"] == 1


def test_ranking_counts_the_first_chunk_of_a_passage_only():
    twin = chunk("c9", "b.txt", "Ada headed the delegation.", 0.65)
    found = scores([LEADS, twin, DAYS], LED, LASTED)
    # gains at ranks 1 and 3, ideal at 1 and 2
    assert found["nDCG@10"] == pytest.approx((1 + 1 / 2) / (1 + 1 / math.log2(3)))


def test_ranking_beyond_k_does_not_count():
    others = [
        ScoredChunk(Chunk(f"x{n}", "b.txt", span_of("b.txt", "Rain fell."), "", 1), 2.0 - n / 10)
        for n in range(6)
    ]
    found = scores([*others, LEADS], LED)
    assert (found["hit@5"], found["recall@5"], found["recall@10"]) == (0, 0, 1)


def test_a_chunk_holds_a_passage_with_half_of_the_shorter():
    short = chunk("s", "a.txt", "Ada led the", 1.0)  # 11 of 11 characters inside
    edge = chunk("e", "a.txt", "Bern. The talks lasted", 1.0)  # 5 of 22 inside
    assert scores([short], LED)["hit@5"] == 1
    assert scores([edge], LED)["hit@5"] == 0


def test_folded_duplicates_count_for_the_chunk_that_holds_them():
    folded = ScoredChunk(RAIN.chunk, 1.0, duplicates=(LEADS.chunk,))
    assert scores([folded], LED)["MRR@10"] == 1


def test_graded_documents_through_ir_measures():
    # the grade-1 document at rank 2 of 2: 1/log2(3)
    values = calculate({"q": {"d1": 1}}, {"q": {"d2": 2.0, "d1": 1.0}})
    assert values["q"]["nDCG@10"] == pytest.approx(1 / math.log2(3))


def test_risk_coverage_by_falling_confidence():
    judged = [(0.2, False), (0.9, True), (0.6, False), (0.7, True)]
    # right, right, wrong, wrong; five questions asked, one declined
    assert risk_coverage(judged, 5) == [(0.2, 0.0), (0.4, 0.0), (0.6, 1 / 3), (0.8, 1 / 2)]
    assert aurc(judged) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_risk_coverage_takes_ties_together():
    assert risk_coverage([(0.5, True), (0.5, False)], 2) == [(0.5, 0.5), (1.0, 0.5)]
    assert aurc([(0.5, False), (0.5, True)]) == aurc([(0.5, True), (0.5, False)])


def test_risk_coverage_without_answers():
    assert risk_coverage([], 3) == []
    assert aurc([]) is None


def test_calibration_error_by_hand():
    judged = [(0.95, True), (0.95, False), (1.0, True), (0.05, False)]
    # bin 0.9-1: 3 answers, mean confidence 2.9/3, right 2/3; bin 0-0.1: confidence 0.05, right 0
    expected = 3 / 4 * abs(2 / 3 - 2.9 / 3) + 1 / 4 * 0.05
    assert expected_calibration_error(judged) == pytest.approx(expected)
    assert [each.size for each in calibration_bins(judged)] == [1, 3]
    assert expected_calibration_error([]) is None


@pytest.mark.parametrize(("percent", "expected"), [(50, 2), (95, 4), (100, 4), (1, 1)])
def test_percentiles_by_nearest_rank(percent, expected):
    assert percentile([3, 1, 4, 2], percent) == expected


def test_percentile_of_nothing():
    assert percentile([], 50) is None


def test_wilson_interval_of_eight_of_ten():
    # centre (p + z2/2n) / (1 + z2/n), z = 1.96: 0.490 to 0.943 (Newcombe 1998)
    found = share([1] * 8 + [0] * 2)
    assert (found.count, found.total, found.value) == (8, 10, 0.8)
    assert (found.low, found.high) == pytest.approx((0.490, 0.943), abs=0.001)


def test_wilson_interval_at_the_edge_and_of_nothing():
    assert share([0] * 10).low == 0
    assert share([0] * 10).high == pytest.approx(0.278, abs=0.001)
    assert share([]).value is None


def test_mcnemar_by_hand():
    # 6 lost, 0 gained: 2 * (1/2)^6 = 0.03125
    lost = mcnemar([True] * 8, [False] * 6 + [True] * 2)
    assert (lost.lost, lost.gained, lost.p_value) == (6, 0, pytest.approx(0.03125))
    assert lost.is_significant_loss
    # 5 lost, 0 gained: 0.0625
    assert not mcnemar([True] * 5, [False] * 5).is_significant_loss
    assert not mcnemar([False] * 6, [True] * 6).is_significant_loss


def test_mcnemar_without_differing_pairs():
    assert mcnemar([True, False], [True, False]).p_value == 1
    assert mcnemar([], []).p_value == 1


def test_bootstrap_mean_is_seeded_and_holds_the_mean():
    values = [0.0, 0.5, 1.0, 0.25]
    found = mean(values)
    assert found == mean(values)
    assert found.value == pytest.approx(0.4375)
    assert found.low < 0.4375 < found.high
    assert mean([]).value is None
