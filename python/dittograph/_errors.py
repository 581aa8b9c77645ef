"""What can go wrong, as exceptions that know where."""

from __future__ import annotations

import re

__all__ = ["Error", "OptionsError", "UnreadableWarning"]

_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")


def _in_python(message: str) -> str:
    """The message with options called as they are called here."""
    return _OPTION.sub(lambda match: match[1].replace("-", "_"), message)


class Error(Exception):
    """Something that could not be read or written.

    Attributes:
        path: The file, or ``"table"`` for documents in memory.
        record: The line or record, from 1; the row of a table in memory, from 0.
        offset: The byte of the (decompressed) file that the record starts at.
        hint: What can be done about it, where that is known.
    """

    path: str | None
    record: int | None
    offset: int | None
    hint: str | None

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        record: int | None = None,
        offset: int | None = None,
        hint: str | None = None,
    ) -> None:
        message = _in_python(message)
        super().__init__(message)
        self.path = path
        self.record = record
        self.offset = offset
        self.hint = None if hint is None else _in_python(hint)


class OptionsError(Error, ValueError):
    """Options that make no sense."""


class UnreadableWarning(UserWarning):
    """Some files or records could not be read, and the rest was used."""
