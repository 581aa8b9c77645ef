"""How far a run has come, on one line of stderr."""

from __future__ import annotations

import sys
from typing import Protocol

__all__ = ["Progress", "watcher"]


class Progress(Protocol):
    """Is told how far a run has come, about twenty times a second."""

    def __call__(self, stage: str, done: int, total: int, is_bytes: bool, /) -> object: ...


class _Line:
    """Writes one line over itself, which terminals and notebooks both understand."""

    def __init__(self) -> None:
        self._shown = ""

    def __call__(self, stage: str, done: int, total: int, is_bytes: bool, /) -> None:
        share = done / total if total else 1.0
        if is_bytes:
            amount = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
        else:
            amount = f"{done:,} of {total:,}"
        self._show(f"{stage:>13}  {share:4.0%}  {amount}")

    def clear(self) -> None:
        if self._shown:
            self._show("")
            sys.stderr.write("\r")
            sys.stderr.flush()

    def _show(self, line: str) -> None:
        if line != self._shown:
            sys.stderr.write("\r" + line.ljust(len(self._shown)))
            sys.stderr.flush()
            self._shown = line


def watcher(progress: bool | Progress | None) -> Progress | None:
    """Who watches a run: nobody, a line on stderr, or whom the caller named."""
    if progress is None:
        progress = sys.stderr.isatty() or "ipykernel" in sys.modules
    if progress is True:
        return _Line()
    return progress or None


def done(watching: Progress | None) -> None:
    """Takes the line away."""
    if isinstance(watching, _Line):
        watching.clear()
