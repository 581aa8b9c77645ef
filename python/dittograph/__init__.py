"""Finds duplicate and near-duplicate documents and repeated passages, and says exactly what it found.

    >>> import dittograph
    >>> story = "The ferry to Gannet Sound will run twice a day from June, the harbour board said."
    >>> found = dittograph.scan(texts=[story, "Nothing of the kind.", story.upper()])
    >>> found.to_arrow().select(["kind", "doc_a", "doc_b"]).to_pylist()
    [{'kind': 'exact', 'doc_a': '0', 'doc_b': '2'}]

The same Rust code as the program ``dittograph``, with options of the same names and the same rows.
"""

from dittograph._errors import Error, OptionsError, UnreadableWarning
from dittograph._native import __version__
from dittograph._scan import Cleaned, clean, passages, scan
from dittograph._table import Findings, Rows, Signatures, Table
from dittograph._texts import Deduplicator, Match, Similarity, signatures, similarity

__all__ = [
    "Cleaned",
    "Deduplicator",
    "Error",
    "Findings",
    "Match",
    "OptionsError",
    "Rows",
    "Signatures",
    "Similarity",
    "Table",
    "UnreadableWarning",
    "__version__",
    "clean",
    "passages",
    "scan",
    "signatures",
    "similarity",
]
