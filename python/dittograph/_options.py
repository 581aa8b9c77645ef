"""What people pass in, made what the library takes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeAlias, runtime_checkable

from dittograph import _native

__all__ = ["ArrowArray", "ArrowStream", "Paths", "Source", "Texts", "paths_of", "several", "sources", "texts_of"]


@runtime_checkable
class ArrowStream(Protocol):
    """Whatever gives batches of Apache Arrow: frames of pandas and Polars, tables of PyArrow, relations of DuckDB."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...


@runtime_checkable
class ArrowArray(Protocol):
    """Whatever is one batch or column of Apache Arrow."""

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any: ...


Path: TypeAlias = "str | os.PathLike[str]"
#: A file or folder, or several.
Paths: TypeAlias = "Path | Iterable[Path]"
#: Files and folders, or documents in memory.
Source: TypeAlias = "Paths | ArrowStream | ArrowArray | _native.MemoryTable"
#: Texts one by one, or a column of them.
Texts: TypeAlias = "Iterable[str | None] | ArrowStream | ArrowArray"


def paths_of(paths: Paths) -> list[str]:
    """The paths, one by one."""
    if isinstance(paths, (str, os.PathLike)):
        return [os.fspath(paths)]
    if isinstance(paths, (Mapping, ArrowStream, ArrowArray)):
        # Gone through one by one, these give the names of their columns.
        raise TypeError(f"paths are wanted here, not a {type(paths).__name__}")
    return [os.fspath(path) for path in paths]


def several(name: str, values: Iterable[str]) -> list[str]:
    """Strings, one by one; one alone is most likely a slip, and would be taken for its letters."""
    if isinstance(values, str):
        raise TypeError(f"`{name}` is one string: give several, in a list")
    return list(values)


def texts_of(texts: Texts) -> Texts:
    """Texts that are several."""
    if isinstance(texts, (str, Mapping)):
        what = "one string" if isinstance(texts, str) else "a mapping"
        raise TypeError(f"`texts` is {what}: give several, in a list")
    return texts


def sources(
    source: Source | None,
    texts: Texts | None,
    id_field: str | None,
    text_field: str,
) -> list[str | _native.MemoryTable]:
    """Where documents come from: either paths and tables, or texts."""
    if (source is None) == (texts is None):
        raise TypeError("give either paths or a table, or `texts=`")
    if texts is not None:
        texts = texts_of(texts)
        if isinstance(texts, (ArrowStream, ArrowArray)):
            return [_native.MemoryTable.of_arrow(texts, None, "text")]
        return [_native.MemoryTable.of_texts(texts, None)]
    if isinstance(source, _native.MemoryTable):
        return [source]
    if isinstance(source, (ArrowStream, ArrowArray)):
        return [_native.MemoryTable.of_arrow(source, id_field, text_field)]
    if isinstance(source, Mapping):
        raise TypeError("a mapping is no table: make a frame or an Arrow table of it, or give `texts=`")
    assert source is not None
    return list(paths_of(source))
