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

// The words around the first that was searched for and is not in the title, where the text of an entry has it.
function foundIn(entry, title) {
  const word = searchedWords(state.text).find((one) => !folded(title).includes(one));
  if (!word) return null;
  for (const number of sidesOf(entry)) {
    const document = side.document(number);
    const text = side.excerpt(number) || (hasText(document) ? textOf(document) : '');
    const lower = text.toLowerCase();
    const at = lower.length === text.length ? lower.indexOf(word) : -1;
    if (at < 0) continue;
    const [start, end] = [Math.max(0, at - 60), at + word.length + 60];
    const before = start > 0 ? text.slice(start, at).replace(/^\S*\s/u, '… ') : text.slice(0, at);
    const after = end < text.length ? text.slice(at, end).replace(/[\s\p{P}]\S*$/u, ' …') : text.slice(at);
    return foreignBlock('p', 'found', visible((before + after).replace(/\s+/gu, ' ')));
  }
  return null;
}

// Marks the words of the search in what was just drawn.
function markHits(element) {
  const words = searchedWords(state.text);
  if (!hits || words.length === 0) return;
  const places = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = places.nextNode(); node; node = places.nextNode()) {
    if (!node.parentElement.closest('.quote, .found, .where, .cell, .around, .name, .side-head')) continue;
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
