"""Where the page's own style sheets and script are; nothing is loaded from anywhere else."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"
STATIC_PATH = "/assets-footnote"
_STYLES = ("frame", "turns", "sources", "controls", "narrow")

STYLES = "".join(f'<link rel="stylesheet" href="{STATIC_PATH}/{name}.css">' for name in _STYLES)
SCRIPT = f'<script type="module" src="{STATIC_PATH}/footnote.js"></script>'
