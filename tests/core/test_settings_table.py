"""The README's table of settings is the settings tree."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from rag.settings import RagSettings

README = Path(__file__).resolve().parents[2] / "README.md"


def table_rows() -> list[str]:
    """A Markdown row for each field: variable, default, meaning."""
    rows = []
    for section, branch in RagSettings.model_fields.items():
        for name, field in type(branch.default).model_fields.items():
            default = getattr(branch.default, name)
            shown = (
                "" if isinstance(default, SecretStr) or default in (None, "") else f"`{default}`"
            )
            variable = f"RAG_{section}__{name}".upper()
            rows.append(f"| `{variable}` | {shown} | {field.description} |")
    return rows


def test_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    text = README.read_text(encoding="utf-8")
    missing = [row for row in table_rows() if row not in text]
    assert not missing
