"""A small version of `python -m evals.verification`, on passages written for it."""

from __future__ import annotations

from evals.alterations import CHANGES
from evals.verification import FAITHFUL, check, confusion, make_cases, rates
from rag.types import Document

TEXTS = (
    "The Velm lighthouse was built in 1874 by Jonas Falk. It stands 42 metres above the bay. "
    "In 1931, the lamp was replaced with an electric one. Keeper Maren Holt said the new lamp was "
    "often too bright for passing ships. The tower is not open to visitors in winter.",
    "Orme University has about 9,400 students. Rector Petra Sand announced on Tuesday that fees "
    "would increased by 3 percent. The students rejected the plan in March 2016. According to "
    "Lars Brandt, many students work at night. The library was founded before the war.",
    "The river Sil rises in the northern hills and reaches the sea near Karst. Engineers from "
    "Norvik built a dam in 1962. It produces 250 megawatts of power. Farmers in Lower Brenn "
    "opposed the dam because their fields were lost. The largest field was never flooded.",
    "Composer Aldo Renn wrote twelve operas between 1840 and 1866. The first opera was not a "
    "success in Vienna. Critic Hugo Stahl claimed that the music was easy to forget. His widow, "
    "Clara Renn, sold 300 letters to the City Museum in May 1901.",
    "The Brenn marathon began in 1979 with 61 runners. Ida Moen won the race in under three hours. "
    "More than 14,000 people can take part now. The route is closed to cars on Sunday. Mayor "
    "Knut Aas stated that the race has helped the town.",
    "Salt from Karst was sold as far as Norvik. Traders carried it in 80 carts every summer. The "
    "mine was closed in 1903 after a flood. Historian Ruth Berg wrote that the miners had never "
    "been paid in coin. A small museum near the old shaft shows their tools.",
)


def test_altered_sentences_are_caught_and_faithful_ones_pass():
    documents = [Document(f"{n}.txt", text, "") for n, text in enumerate(TEXTS)]
    cases = make_cases(documents, per_kind=40)
    caught, alarms = rates(confusion(check(cases)))
    assert {case.kind for case in cases} >= set(CHANGES) - {"order"}
    assert sum(case.kind in FAITHFUL for case in cases) >= 10
    assert caught >= 0.95
    assert alarms <= 0.05
