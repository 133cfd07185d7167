"""The corpus of these tests: four articles and one that is full of markup."""

from __future__ import annotations

from pathlib import Path

BRIDGE = """\
Old bridge reopens after two years of repairs

RIVERTON (AP) — The stone bridge over the Alder reopened on Monday after two years of repairs.

Mayor Helena Brandt cut the ribbon. “Nobody missed the detour,” Brandt said.

ADVERTISEMENT

The repairs of the stone bridge cost 4.2 million pounds, the council said.

Copyright 2023 The Associated Press. All rights reserved.
"""
COUNCIL = """\
Council counts the cost of the Alder bridge

By Ines Falk, Alder Gazette

Published: 20 June 2023

The repairs of the old stone bridge cost 4.8 million pounds, an auditor said after a long review.

Auditor Omar Vance called the overrun “regrettable but small”.
"""
FERRY = """\
Ferry timetable for the summer

Published: 14 June 2023

The ferry to Gull Island leaves Riverton at 9:15 every morning except Sunday.

A return ticket costs 12 pounds. Dogs travel free.
"""
HONEY = """\
Poorest honey harvest since 1998

By Tomas Quill, Alder Gazette

The beekeepers of Riverton took in nine hundred jars of honey, said Wang Xiaohong of the guild.

The cold spring kept the bees in their hives until May.
"""
BEACON = "http://beacon.invalid/seen"
HOSTILE = f"""\
Lighthouse <b>keeper</b> retires <script>window.hacked = 1</script>

The lighthouse keeper Signe Holm retired <img src="{BEACON}.png" onerror="window.hacked = 2"> in
March <a href="javascript:window.hacked=3">here</a> ![pixel]({BEACON}-md.png) after forty years.

<iframe src="{BEACON}"></iframe><style>body {{ display: none }}</style> The keeper **Signe** said
the [lamp]({BEACON}-link) was <svg onload="window.hacked = 4"></svg> sold </article></div> for
seven crowns. $$\\href{{{BEACON}-tex}}{{x}}$$ <form action="{BEACON}"><input name="q"></form>
"""
ARTICLES = {
    "bridge.txt": BRIDGE,
    "council.txt": COUNCIL,
    "ferry.txt": FERRY,
    "honey.txt": HONEY,
    "lighthouse.txt": HOSTILE,
}


def write_articles(folder: Path) -> Path:
    """Write the corpus into `folder` and return it."""
    folder.mkdir(parents=True)
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
