"""What counts as alike, as it is sent to the executors."""

from __future__ import annotations

import dataclasses

__all__ = ["MIN_WORDS", "Options"]

#: Fewest words of a passage across documents, where none are chosen.
MIN_WORDS = 12


@dataclasses.dataclass(frozen=True)
class Options:
    """The options of :func:`dittograph.scan` that have a meaning on a cluster."""

    threshold: float = 0.8
    recall: float = 0.999
    shingle_size: int = 5
    min_words: int = MIN_WORDS
    min_similarity: float = 0.75
    seed: int = 0

    def likeness(self) -> dict[str, object]:
        """As the functions in Rust take them. Contained documents are not looked for."""
        return {
            "threshold": self.threshold,
            "containment": 1.0,
            "shingle_size": self.shingle_size,
            "min_words": self.min_words,
            "min_similarity": self.min_similarity,
        }
