"""The learning curve of a run as a Markdown table.

    python -m training.curve --log RUN/log.jsonl

One line per scoring of the dev slice: HasAns F1 without a threshold, AUROC of the span score and
of the answerability head (the better one counts). Dev paragraphs are of training articles, so
these numbers are higher than those of unseen articles.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

_HEAD = (
    "| minutes | tokens (millions) | loss | squad2 dev HasAns F1 | squad2 dev AUROC "
    "| near_misses dev AUROC | new_wiki dev F1 | reddit dev F1 | amazon dev F1 |\n"
    + "|---" * 9
    + "|"
)


def curve(log: Path) -> str:
    """The table for the JSON-lines file `log`."""
    lines = [_HEAD]
    loss = float("nan")
    for record in map(json.loads, log.read_text(encoding="utf-8").splitlines()):
        loss = record.get("loss", loss)
        if "dev" in record:
            lines.append(_row(record, loss))
    return "\n".join(lines)


def _row(record: dict[str, Any], loss: float) -> str:
    dev = record["dev"]
    cells = [f"{record['seconds'] / 60:.0f}", f"{record['tokens'] / 1e6:.1f}", f"{loss:.2f}"]
    cells += [
        f"{dev['squad2']['has_f1']:.1f}",
        _auroc(dev.get("squad2")),
        _auroc(dev.get("near_misses")),
    ]
    cells += [f"{dev[name]['has_f1']:.1f}" for name in ("new_wiki", "reddit", "amazon")]
    return "| " + " | ".join(cells) + " |"


def _auroc(scores: dict[str, float] | None) -> str:
    """The better of the two signals; older logs lack some sets."""
    return f"{max(scores['auroc'], scores['auroc_answerable_head']):.3f}" if scores else "-"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    print(curve(parser.parse_args().log))


if __name__ == "__main__":
    main()
