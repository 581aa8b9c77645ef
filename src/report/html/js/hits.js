// Marks what was searched for where it is shown. Ranges are painted; the page's elements stay as they are.

const hits = window.Highlight ? new Highlight() : null;
if (hits) CSS.highlights.set('hits', hits);

// Called before the list is drawn anew: what was marked is gone from the page.
function forgetHits() {
  hits?.clear();
}

// A text folded character by character; what would change its length stays as it is, so that places are kept.
function foldedInPlace(text) {
  const each = (character) => (folded(character).length === character.length ? folded(character) : character);
  return Array.from(text, each).join('');
}

// Marks the words of the search in what was just drawn.
function markHits(element) {
  const words = searchedWords(state.text);
  if (!hits || words.length === 0) return;
  const places = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = places.nextNode(); node; node = places.nextNode()) {
    if (!node.parentElement.closest('.quote, .where, .cell, .around, .name, .side-head')) continue;
    const text = foldedInPlace(node.data);
    for (const word of words) {
      for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        hits.add(range);
      }
    }
  }
}
