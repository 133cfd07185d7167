"""The errors Footnote raises. Each message says what happened and what to do about it.

RagError
├── SettingsError            a setting is unknown, of the wrong type, or out of range
├── QuestionError            the question is empty or too long
├── CorpusError              the corpus folder is missing, empty or unreadable
│   └── DocumentError        one file cannot be read; the others go on
├── StoreError               the index folder cannot be written, read or locked
│   ├── StoreLockedError     another process is writing this index
│   └── IndexMismatchError   catalog and vector index disagree
├── ModelUnavailableError    model weights are missing, or not the ones expected
├── DatasetError             an evaluation file does not follow its schema
└── LlmError                 the language model failed; the extractive answerer takes over
"""

from __future__ import annotations


class RagError(Exception):
    """Base of every error that a user can do something about."""


class SettingsError(RagError):
    """A setting is unknown, of the wrong type, or out of range."""


class QuestionError(RagError):
    """The question is empty or longer than `answering.max_question_chars`."""


class CorpusError(RagError):
    """The corpus folder is missing, empty or unreadable."""


class DocumentError(CorpusError):
    """One file cannot be read; recorded beside its path, never fatal to the others."""


class StoreError(RagError):
    """The index folder cannot be written, read or locked."""


class StoreLockedError(StoreError):
    """Another process is writing this index."""


class IndexMismatchError(StoreError):
    """Catalog and vector index disagree and could not be brought in line."""


class ModelUnavailableError(RagError):
    """Model weights are missing, or their hash is not the expected one."""


class DatasetError(RagError):
    """An evaluation file does not follow its schema."""


class LlmError(RagError):
    """The language model failed or answered something unusable."""
