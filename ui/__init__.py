"""The chat page and the HTTP interface of Footnote."""
