"""The plots of the HTML report, as SVG text to stand inside the page.

Text stays text (the page's font), ids are salted by name so that several plots can share a page,
and nothing refers to the network.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

from evals.measures.calibration import BINS
from evals.stats import Share
from evals.summary import Curves

INK, ACCENT, BAR, PALE, GRID = "#1f2933", "#2b6cb0", "#90bce8", "#9fb3c8", "#d9e2ec"
OTHERS = ("#b7791f", "#6b46c1", "#2f855a", "#c53030")


def accuracy_by_type(shares: Sequence[tuple[str, Share, int]]) -> str:
    """Bars of correct responses per type with Wilson intervals; (type, share, asked)."""
    kept = [(kind, share) for kind, share, _ in shares if share.value is not None]
    figure, axes = _canvas(7.2, 0.6 + 0.3 * max(1, len(kept)))
    for row, (_, share) in enumerate(reversed(kept)):
        value, low, high = share.value or 0.0, share.low or 0.0, share.high or 0.0
        axes.barh(row, value, color=BAR, height=0.62)
        axes.plot([low, high], [row, row], color=INK, linewidth=1.2, solid_capstyle="butt")
        axes.text(1.02, row, f"{share.count}/{share.total}", va="center", fontsize=9, color=INK)
    axes.set_yticks(range(len(kept)), [kind for kind, _ in reversed(kept)])
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of correct responses")
    return _svg(figure, "by-type")


def risk_coverage_plot(curves: dict[str, Curves]) -> str:
    """Share of wrong responses among the most confident, for each system."""
    figure, axes = _canvas(4.6, 3.2)
    for color, (system, each) in zip((ACCENT, *OTHERS), curves.items(), strict=False):
        coverage = [point[0] for point in each.risk_coverage]
        risk = [point[1] for point in each.risk_coverage]
        axes.plot(coverage, risk, color=color, linewidth=1.8, label=system)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="share of questions answered", ylabel="share wrong")
    _legend(axes, curves)
    return _svg(figure, "risk-coverage")


def calibration_plot(curves: Curves) -> str:
    """Stated confidence against the share that is correct; areas show how many answers."""
    figure, axes = _canvas(4.6, 3.2)
    axes.plot([0, 1], [0, 1], color=PALE, linewidth=1, linestyle="--")
    largest = max((each.size for each in curves.bins), default=1)
    for each in curves.bins:
        area = 110 + 250 * each.size / largest
        axes.scatter(each.confidence, each.correct, s=area, color=ACCENT, alpha=0.75, zorder=3)
        axes.annotate(
            str(each.size), (each.confidence, each.correct), ha="center", va="center",
            fontsize=8, color="white", zorder=4,
        )  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(-0.05, 1.05), xlabel="stated confidence", ylabel="share correct")
    axes.set_xticks([n / BINS for n in range(0, BINS + 1, 2)])
    return _svg(figure, "calibration")


def latency_plot(curves: dict[str, Curves]) -> str:
    """Share of the questions answered within a time, for each system."""
    figure, axes = _canvas(4.6, 3.2)
    for color, (system, each) in zip((ACCENT, *OTHERS), curves.items(), strict=False):
        ordered = sorted(max(seconds, 1e-5) for seconds in each.seconds)
        shares = [rank / len(ordered) for rank in range(1, len(ordered) + 1)]
        axes.step(ordered, shares, where="post", color=color, linewidth=1.8, label=system)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set(ylim=(0, 1), xlabel="seconds (logarithmic)", ylabel="share answered within")
    _legend(axes, curves)
    return _svg(figure, "latency")


def _legend(axes: Any, curves: dict[str, Curves]) -> None:
    if len(curves) > 1:
        axes.legend(frameon=False, fontsize=9)


def _canvas(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure  # not pyplot: no state, safe in threads

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(PALE)
    axes.tick_params(colors=INK, labelsize=9)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any, name: str) -> str:
    import matplotlib

    buffer = io.StringIO()
    look: Any = {"svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif"}
    with matplotlib.rc_context(look):
        metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=metadata, transparent=True)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\b(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)
