"""What is written in Rust; its names may change with any version."""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

from dittograph._errors import Error
from dittograph._options import ArrowArray, ArrowStream, Texts
from dittograph._progress import Progress
from dittograph._texts import Kind

__all__ = [
    "clean",
    "compare",
    "compare_columns",
    "keys",
    "signatures",
    "scan",
    "fingerprints",
    "Comparisons",
    "Deduplicator",
    "KeptGroups",
    "Meetings",
    "MemoryTable",
    "PassageFinder",
    "Table",
    "__version__",
]

__version__: str

@final
class MemoryTable:
    @staticmethod
    def of_arrow(data: ArrowStream | ArrowArray, id_field: str | None, text_field: str) -> MemoryTable: ...
    @staticmethod
    def of_texts(texts: Iterable[str | None], ids: list[str] | None) -> MemoryTable: ...
    def __len__(self) -> int: ...

@final
class Table:
    def __len__(self) -> int: ...
    @property
    def column_names(self) -> list[str]: ...
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def write(self, path: str, format: str) -> None: ...
    def text(self, format: str) -> str: ...

@final
class Deduplicator:
    def __new__(cls, threshold: float, recall: float, shingle_size: int, seed: int) -> Deduplicator: ...
    def query(self, text: str) -> list[tuple[str, float, float]]: ...
    def add(self, id: str, text: str) -> list[tuple[str, float, float]]: ...
    def __len__(self) -> int: ...

@final
class Meetings:
    def __new__(cls, most: int) -> Meetings: ...
    def push(self, rows: ArrowArray) -> Table: ...
    def finish(self) -> Table: ...

@final
class Comparisons:
    def __new__(cls, likeness: Mapping[str, object], seed: int) -> Comparisons: ...
    def push(self, rows: ArrowArray) -> Table: ...
    def finish(self) -> Table: ...

@final
class KeptGroups:
    def __new__(cls) -> KeptGroups: ...
    def push(self, rows: ArrowArray) -> Table: ...
    def finish(self) -> Table: ...

@final
class PassageFinder:
    def __new__(cls, likeness: Mapping[str, object], seed: int) -> PassageFinder: ...
    def push(self, rows: ArrowArray) -> Table: ...
    def finish(self) -> Table: ...

def scan(
    sources: Sequence[str | MemoryTable],
    against: Sequence[str | MemoryTable],
    scanning: Mapping[str, object],
    likeness: Mapping[str, object],
    reading: Mapping[str, object],
    watcher: Progress | None,
) -> tuple[Table, Table, str, list[Error], list[str]]: ...
def clean(
    paths: Sequence[str],
    output: str,
    cleaning: Mapping[str, object],
    likeness: Mapping[str, object],
    reading: Mapping[str, object],
    watcher: Progress | None,
) -> tuple[str, list[Error], list[str]]: ...
def signatures(
    texts: Texts, num_hashes: int, shingle_size: int, seed: int, threads: int | None
) -> Table: ...
def keys(
    texts: Texts, threshold: float, recall: float, shingle_size: int, seed: int, threads: int | None
) -> Table: ...
def compare(
    one: str, other: str, likeness: Mapping[str, object], seed: int
) -> tuple[Kind | None, float, float, int, int]: ...
def compare_columns(
    ones: Texts, others: Texts, likeness: Mapping[str, object], seed: int, threads: int | None
) -> Table: ...
def fingerprints(rows: ArrowArray, min_words: int, seed: int) -> Table: ...
