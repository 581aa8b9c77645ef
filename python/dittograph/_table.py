"""Results as tables of Apache Arrow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dittograph import _native
from dittograph._errors import Error

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pandas
    import polars
    import pyarrow

__all__ = ["Findings", "Rows", "Signatures", "Table"]


class Table:
    """Rows that whatever reads Apache Arrow can take as they are, by ``__arrow_c_stream__``:
    ``pyarrow.table(table)``, ``polars.DataFrame(table)``, DuckDB's ``from table``."""

    def __init__(self, native: _native.Table) -> None:
        self._native = native

    def __len__(self) -> int:
        return len(self._native)

    def __repr__(self) -> str:
        rows = "1 row" if len(self) == 1 else f"{len(self):,} rows"
        return f"<dittograph.{type(self).__name__}: {rows} of {', '.join(self.column_names)}>"

    def __arrow_c_schema__(self) -> object:
        return self._native.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._native.__arrow_c_stream__(requested_schema)

    @property
    def column_names(self) -> Sequence[str]:
        """The names of the columns."""
        return self._native.column_names

    def to_arrow(self) -> pyarrow.Table:
        """The same as a table of PyArrow, which must be installed."""
        import pyarrow

        return pyarrow.table(self)

    def to_pandas(self, **options: Any) -> pandas.DataFrame:
        """The same as a frame of pandas; needs pandas and PyArrow.

        ``options`` go to :meth:`pyarrow.Table.to_pandas`. Numbers that some rows have not are of pandas'
        own ``UInt32``, unless another ``types_mapper`` is given.
        """
        import pandas
        import pyarrow

        nullable = {pyarrow.uint32(): pandas.UInt32Dtype()}
        options.setdefault("types_mapper", nullable.get)
        frame: pandas.DataFrame = self.to_arrow().to_pandas(**options)
        return frame

    def to_polars(self) -> polars.DataFrame:
        """The same as a frame of Polars, which must be installed."""
        import polars

        return polars.DataFrame(self)


class Rows(Table):
    """Rows of a run, which can also be written as the program writes them."""

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Writes the rows as CSV, byte for byte as ``dittograph scan`` does; without a path, gives them."""
        return self._write(path, "csv")

    def to_jsonl(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Writes the rows as JSON lines, or without a path gives them."""
        return self._write(path, "jsonl")

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Writes the rows as a Parquet file."""
        self._native.write(os.fspath(path), "parquet")

    def _write(self, path: str | os.PathLike[str] | None, format: str) -> str | None:
        if path is None:
            return self._native.text(format)
        self._native.write(os.fspath(path), format)
        return None


class Findings(Rows):
    """What a scan found, one row a finding, in the columns of ``dittograph scan``."""

    #: The documents that are in clusters, each with the document to keep in its stead.
    clusters: Rows
    #: Counts, parameters, the recall and times, as ``--summary`` writes them.
    summary: dict[str, Any]
    #: What could not be read; at most a hundred for each two megabytes.
    problems: list[Error]
    #: What one should know although nothing failed.
    notices: list[str]

    def __init__(
        self,
        native: _native.Table,
        clusters: _native.Table,
        summary: dict[str, Any],
        problems: list[Error],
        notices: list[str],
    ) -> None:
        super().__init__(native)
        self.clusters = Rows(clusters)
        self.summary = summary
        self.problems = problems
        self.notices = notices


class Signatures(Table):
    """MinHash signatures, a row for each text, in one column ``signature``.

    Two signatures agree in each place with a chance equal to the Jaccard similarity of the texts.
    """

    def to_numpy(self) -> numpy.typing.NDArray[numpy.uint32]:
        """The same as an array of a row for each text; needs NumPy and PyArrow."""
        column = self.to_arrow()["signature"].combine_chunks()
        values: numpy.typing.NDArray[numpy.uint32] = column.flatten().to_numpy()
        return values.reshape(len(self), column.type.list_size)
