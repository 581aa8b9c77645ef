"""Single texts and pairs of texts, and texts that come one by one."""

from __future__ import annotations

import dataclasses
from typing import Literal

from dittograph import _native
from dittograph._options import Texts, texts_of
from dittograph._table import Signatures

__all__ = ["Deduplicator", "Match", "Similarity", "signatures", "similarity"]

Kind = Literal["exact", "near", "contained"]


@dataclasses.dataclass(frozen=True)
class Similarity:
    """What two texts share."""

    #: What a scan would call them as documents; ``None`` if it would not tell of them.
    kind: Kind | None
    #: The shingles that both have, as a share of those that either has; 0 if one has no word.
    jaccard: float
    #: The share of the smaller one's shingles that the larger has.
    containment: float
    words_a: int
    words_b: int


def similarity(
    a: str,
    b: str,
    *,
    threshold: float = 0.8,
    containment: float = 0.9,
    shingle_size: int = 5,
    min_words: int | None = None,
    seed: int = 0,
) -> Similarity:
    """The true similarity of two texts, over their whole sets of shingles: no estimate."""
    likeness: dict[str, object] = {
        "threshold": threshold,
        "containment": containment,
        "shingle_size": shingle_size,
        "min_words": min_words,
        "min_similarity": 0.75,
    }
    return Similarity(*_native.compare(a, b, likeness, seed))


def signatures(
    texts: Texts,
    *,
    num_hashes: int = 128,
    shingle_size: int = 5,
    seed: int = 0,
    threads: int | None = None,
) -> Signatures:
    """The MinHash signature of each text: 32-bit minima, equal in each place with the chance that is the Jaccard
    similarity of the texts. ``None`` counts as a text without a word, whose minima are all the largest number.

    For estimates and for other programs: :func:`similarity` and :func:`dittograph.scan` need none.
    """
    return Signatures(_native.signatures(texts_of(texts), num_hashes, shingle_size, seed, threads))


@dataclasses.dataclass(frozen=True)
class Match:
    """An earlier text that is like the one that was asked about."""

    #: As it was given with the text.
    id: str
    #: True similarity, at least the threshold.
    jaccard: float
    #: The share of the smaller one's shingles that the larger has.
    containment: float


class Deduplicator:
    """Finds, of texts that come one by one, those before that are like a new one.

    Every match is verified on whole sets of shingles. Of the pairs at the threshold the share ``recall`` is found, of
    more similar ones more, and of texts of up to a hundred words all. It is all in memory: 8 bytes a
    word, and about half a kilobyte a text. It may be used by several threads.
    """

    def __init__(
        self,
        *,
        threshold: float = 0.8,
        recall: float = 0.999,
        shingle_size: int = 5,
        seed: int = 0,
    ) -> None:
        self._native = _native.Deduplicator(threshold, recall, shingle_size, seed)

    def __len__(self) -> int:
        return len(self._native)

    def query(self, text: str) -> list[Match]:
        """The texts that are like this one, in the order in which they were added."""
        return [Match(*found) for found in self._native.query(text)]

    def add(self, id: str, text: str) -> list[Match]:
        """Adds a text, and gives those before it that are like it."""
        return [Match(*found) for found in self._native.add(id, text)]
