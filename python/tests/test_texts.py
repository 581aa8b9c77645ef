"""Single texts, pairs of texts, and texts that come one by one."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import dittograph
import pytest
from conftest import CORPUS
from dittograph import _native


def shingles(text: str) -> set[tuple[str, ...]]:
    """The definition, for texts of plain words."""
    words = text.lower().split()
    return {tuple(words[start : start + 5]) for start in range(max(1, len(words) - 4))} if words else set()


def rounded(share: float) -> float:
    """As similarities are written: half up."""
    return math.floor(share * 1e4 + 0.5) / 1e4


def variants(seed: int) -> list[str]:
    """Texts of all lengths, and edited copies of them."""
    draw = random.Random(seed)
    texts = []
    for length in [1, 3, 5, 8, 20, 40, 80, 90, 100, 112, 120, 200, 400]:
        words = [f"w{draw.randrange(10**6)}" for _ in range(length)]
        for _ in range(8):
            edited = list(words)
            for _ in range(draw.randrange(1 + length // 40)):
                edited[draw.randrange(length)] = f"x{draw.randrange(10**6)}"
            cut = draw.randrange(1 + length // 10)
            texts.append(" ".join(edited[cut:]))
    draw.shuffle(texts)
    return texts


def test_similarity_is_the_true_one() -> None:
    for a, b in itertools.combinations(variants(1)[:40], 2):
        found = dittograph.similarity(a, b)
        one, other = shingles(a), shingles(b)
        assert found.jaccard == len(one & other) / len(one | other)
        assert found.containment == len(one & other) / min(len(one), len(other))
        assert (found.words_a, found.words_b) == (len(a.split()), len(b.split()))
    assert dittograph.similarity("", "a").jaccard == 0.0
    assert dittograph.similarity("Hello, World!", "hello world").kind == "exact"


def test_a_comparison_says_what_a_scan_says(articles: dict[str, str]) -> None:
    rows = dittograph.scan(CORPUS, exclude=["*.md"], find="documents").to_arrow().to_pylist()
    told = {frozenset((row["doc_a"], row["doc_b"])): row for row in rows}
    pairs = list(itertools.combinations(articles, 2))
    ones, others = ([articles[pair[side]] for pair in pairs] for side in (0, 1))
    likeness: dict[str, object] = {
        "threshold": 0.8, "containment": 0.9, "shingle_size": 5, "min_words": None, "min_similarity": 0.75,
    }
    compared = dittograph.Table(_native.compare_columns(ones, others, likeness, 0, None)).to_arrow().to_pylist()
    assert len(compared) == len(pairs)
    for pair, found in zip(pairs, compared):
        row: dict[str, Any] = told.get(frozenset(pair), {"kind": None})
        assert found["kind"] == row["kind"], pair
        if row["kind"]:
            shares = (rounded(found["jaccard"]), rounded(found["containment"]))
            assert shares == (row["jaccard"], row["containment"])
    assert len(told) > 10


def test_passages_of_two_texts() -> None:
    shared = "the board of the harbour said on Monday that nothing would be changed before June"
    a, b = f"First. {shared}. Last.", f"Ä {shared}, and more."
    [row] = dittograph.passages(a, b).to_arrow().to_pylist()
    assert (row["doc_a"], row["doc_b"], row["kind"]) == ("a", "b", "passage")
    for text, side in ((a, "a"), (b, "b")):
        assert text.encode()[row[f"start_{side}"] : row[f"end_{side}"]].decode() == shared
    assert len(dittograph.passages(a, "something else")) == 0
    assert len(dittograph.passages(a, a)) == 1
    assert len(dittograph.passages("one two three four", "one two three four", min_words=4)) == 1


@pytest.mark.parametrize("threshold", [0.5, 0.8])
def test_texts_one_by_one_are_the_pairs_of_a_scan(threshold: float) -> None:
    texts = variants(2)
    texts.insert(3, "")
    scan = dittograph.scan(texts=texts, find="documents", threshold=threshold).to_arrow().to_pylist()
    expected = {
        frozenset((row["doc_a"], row["doc_b"])): row["jaccard"] for row in scan if row["kind"] in ("exact", "near")
    }
    seen = dittograph.Deduplicator(threshold=threshold, recall=0.999999)
    found = {}
    for number, text in enumerate(texts):
        asked = seen.query(text)
        matches = seen.add(str(number), text)
        assert asked == matches
        found.update({frozenset((str(number), match.id)): match.jaccard for match in matches})
    assert {pair: rounded(jaccard) for pair, jaccard in found.items()} == expected and len(found) > 100
    assert len(seen) == len(texts)


def test_keys_bring_together_what_is_alike() -> None:
    texts = variants(3)
    keys = dittograph.Table(_native.keys(texts, 0.8, 0.999999, 5, 0, None)).to_arrow().to_pylist()
    for (a, one), (b, other) in itertools.combinations(zip(texts, keys), 2):
        if dittograph.similarity(a, b).jaccard >= 0.8:
            # Short ones share shingles.
            assert set(one["keys"]) & set(other["keys"]) or set(one["shingles"]) & set(other["shingles"])
        assert (one["content"] == other["content"]) == (a == b)
    assert [row["words"] for row in keys] == [len(text.split()) for text in texts]
    [empty] = dittograph.Table(_native.keys([None], 0.8, 0.999, 5, 0, None)).to_arrow().to_pylist()
    assert (empty["keys"], empty["shingles"], empty["words"]) == ([], None, 0)


def test_signatures_estimate_the_similarity() -> None:
    pytest.importorskip("numpy")
    pyarrow = pytest.importorskip("pyarrow")
    draw = random.Random(4)
    words = [f"w{draw.randrange(10**6)}" for _ in range(1000)]
    a, b = " ".join(words), " ".join(words[:900] + [f"x{number}" for number in range(100)])
    values = dittograph.signatures([a, b, a], num_hashes=1024).to_numpy()
    assert values.shape == (3, 1024)
    assert (values[0] == values[2]).all()
    truth = dittograph.similarity(a, b).jaccard
    # Four standard errors.
    assert abs((values[0] == values[1]).mean() - truth) < 4 * (truth * (1 - truth) / 1024) ** 0.5
    column = pyarrow.chunked_array([[a], [b, a]])
    assert (dittograph.signatures(column, num_hashes=1024, threads=1).to_numpy() == values).all()
    assert not (dittograph.signatures([a], num_hashes=1024, seed=1).to_numpy() == values[0]).any()
    with pytest.raises(TypeError, match="text 1 is of type `int`, not a string"):
        dittograph.signatures([a, 1])  # type: ignore[list-item]
