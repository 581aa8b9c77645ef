// Marks what was searched for where it is shown. Ranges are painted; the page's elements stay as they are.

const hits = window.Highlight ? new Highlight() : null;
if (hits) CSS.highlights.set('hits', hits);

// Called before the list is drawn anew: what was marked is gone from the page.
function forgetHits() {
  hits?.clear();
}

// Marks the words of the search in what was just drawn.
function markHits(element) {
  const words = searchedWords(state.text);
  if (!hits || words.length === 0) return;
  const places = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = places.nextNode(); node; node = places.nextNode()) {
    if (!node.parentElement.closest('.quote, .where, .cell, .around, .name, .side-head')) continue;
    // Where folding changes how long a text is, its places are not those of the text.
    const text = folded(node.data).length === node.length ? folded(node.data) : node.data;
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
