// The map of one document: a strip from its first byte to its last, and in it what repeats elsewhere.

// A mark is so many pixels wide at least.
const thinnest = 3;
const mostDocuments = 60;

// Spans of a document: [side, entry], by place. The whole of it as one side of a pair counts, too.
function spansOf(document) {
  const spans = [];
  for (const entry of entriesOf(document)) {
    for (const number of sidesOf(entry)) {
      if (side.document(number) === document) spans.push([number, entry]);
    }
  }
  return spans.sort((one, other) => side.start(one[0]) - side.start(other[0]) || side.end(other[0]) - side.end(one[0]));
}

// The documents with most repeats of their own.
function busiestDocuments() {
  const counts = new Map();
  for (const entry of entries) {
    if (entry.subject !== 'passage') continue;
    for (const number of new Set(sidesOf(entry))) {
      const document = side.document(number);
      counts.set(document, (counts.get(document) ?? 0) + 1);
    }
  }
  if (counts.size === 0) data.documents.forEach((_, document) => counts.set(document, entriesOf(document).length));
  const order = [...counts].sort((one, other) => other[1] - one[1] || one[0] - other[0]);
  return order.slice(0, mostDocuments).map(([document]) => document);
}

function drawAtlas(root) {
  const busiest = busiestDocuments();
  if (busiest.length === 0) return;
  const title = make('h2', '', 'The map of a document');
  title.id = 'atlas-title';
  const choice = select(busiest.map((document) => [String(document), nameOf(document)]), '');
  choice.id = 'map-choice';
  choice.addEventListener('change', () => showDocument(Number(choice.value), null, false));
  const picture = make('div', 'map');
  picture.id = 'map';
  root.append(title, make('label', 'map-label', 'Document ', choice), picture);
  root.hidden = false;
  drawMap(state.document ?? busiest[0]);
}

// Shows the map of a document, and perhaps where a side of it stands.
function showDocument(document, number = null, moves = true) {
  state.document = document;
  drawMap(document, number);
  keepHash();
  if (moves) {
    const atlas = window.document.getElementById('atlas');
    atlas.scrollIntoView({ block: 'start' });
    const text = atlas.querySelector('.is-looked-for');
    text?.scrollIntoView({ block: 'center' });
    atlas.querySelector('select').focus({ preventScroll: true });
  }
}

function drawMap(document, wantedSide = null) {
  const choice = window.document.getElementById('map-choice');
  if (!choice.querySelector(`option[value="${document}"]`)) {
    const option = make('option', '', visible(nameOf(document)));
    option.value = String(document);
    choice.prepend(option);
  }
  choice.value = String(document);
  const spans = spansOf(document);
  const told = spans.reduce((most, [number]) => Math.max(most, side.end(number)), 1);
  const length = allBytes(document) || told;
  const picture = window.document.getElementById('map');
  const marks = marksOf(spans, length, stripWidth(picture));
  map = { picture, spans, length };
  picture.replaceChildren();
  append(
    picture,
    make('p', 'map-facts', `${counted(spans.length, 'repeat')}, ${grouped(length)} bytes`, allBytes(document) ? '' : ' at least'),
    strip(marks, length, stripWidth(picture)),
    marks.length < spans.length ? make('p', 'note', 'Where they crowd, a mark stands for several: the darker, the more.') : null,
    hasText(document) ? markedText(document, spans, wantedSide) : make('p', 'note', 'Its text is not in this page.'),
  );
}

// What is drawn: it is drawn anew when the page gets another width.
let map = null;
const stripWidth = (picture) => Math.max(240, Math.floor(picture.clientWidth));

let resized = 0;
addEventListener('resize', () => {
  clearTimeout(resized);
  resized = setTimeout(() => {
    const old = map?.picture.querySelector('.strip');
    if (!old || Number(old.getAttribute('width')) === stripWidth(map.picture)) return;
    const width = stripWidth(map.picture);
    old.replaceWith(strip(marksOf(map.spans, map.length, width), map.length, width));
  }, 150);
});

// Spans as marks of whole pixels, [from, to, label, spans]. Those of a kind in the same pixels are one
// mark, so that there are no more marks than can be told apart, whatever the number of spans.
function marksOf(spans, length, width) {
  const marks = new Map();
  for (const span of spans) {
    const [number, { label }] = span;
    let from = Math.floor((width * side.start(number)) / length);
    let to = Math.ceil((width * side.end(number)) / length);
    if (to - from <= thinnest) {
      from -= from % thinnest;
      to = from + thinnest;
    }
    const key = `${label} ${from} ${to}`;
    if (!marks.has(key)) marks.set(key, [from, Math.min(to, width), label, []]);
    marks.get(key)[3].push(span);
  }
  return [...marks.values()].sort((one, other) => one[0] - other[0] || other[1] - one[1]);
}

// What a mark says when it is pointed at.
function toldOf(label, spans, longest) {
  const [number, entry] = longest;
  const one = `${labels[label]} ${entry.number}, line ${grouped(side.line(number))}, ${counted(side.words(number), 'word')}`;
  if (spans.length === 1) return one;
  const lines = spans.map((span) => side.line(span[0]));
  const [first, last] = [Math.min(...lines), Math.max(...lines)];
  const where = first === last ? `line ${grouped(first)}` : `lines ${grouped(first)} to ${grouped(last)}`;
  return `${counted(spans.length, 'repeat')}, ${where}; the longest: ${one}`;
}

// The strip: what overlaps goes into lanes below one another. It is drawn in the pixels of the page, so that
// marks and numbers are as high on a small screen as on a large one.
function strip(marks, length, width) {
  const [laneHeight, most] = [14, 14];
  const lanes = [];
  const placed = marks.map((mark) => {
    let lane = lanes.findIndex((end) => end <= mark[0]);
    if (lane < 0) lane = lanes.length < most ? lanes.length : most - 1;
    lanes[lane] = Math.max(lanes[lane] ?? 0, mark[1]);
    return [mark, lane];
  });
  const height = Math.max(1, lanes.length) * laneHeight + 26;
  const svg = drawn('svg', { class: 'strip', viewBox: `0 0 ${width} ${height}`, width, height, role: 'group', 'aria-label': 'Where it repeats' });
  svg.append(drawn('rect', { class: 'paper', x: 0, y: 0, width, height: height - 20 }));
  for (const [[from, to, label, spans], lane] of placed) {
    const longest = spans.reduce((most, span) => (side.words(span[0]) > side.words(most[0]) ? span : most));
    const entry = longest[1];
    // The more it stands for, the darker.
    const many = Math.min(3, Math.floor(Math.log2(spans.length)));
    const link = drawn('a', { href: `#open=${entry.id}`, class: `span is-${label} many${many}` });
    const rect = drawn('rect', { x: from, y: lane * laneHeight + 3, width: to - from, height: laneHeight - 4, rx: 1 });
    const title = drawn('title', {});
    title.textContent = toldOf(label, spans, longest);
    link.append(rect, title);
    link.addEventListener('click', (event) => {
      event.preventDefault();
      openEntry(entry);
    });
    svg.append(link);
  }
  const ticks = width < 420 ? 2 : 4;
  for (let tick = 0; tick <= ticks; tick++) {
    const anchor = tick === 0 ? 'start' : tick === ticks ? 'end' : 'middle';
    const text = drawn('text', { class: `tick ${anchor}`, x: (width * tick) / ticks, y: height - 5 });
    text.textContent = grouped(Math.round((length * tick) / ticks));
    svg.append(text);
  }
  return svg;
}

// The text with its passages underlined.
function markedText(document, spans, wantedSide) {
  const shown = shownBytes(document);
  const cuts = new Set([0, shown]);
  const passages = spans.filter(([, entry]) => entry.subject === 'passage');
  for (const [number] of passages) {
    for (const at of [side.start(number), side.end(number)]) if (at <= shown) cuts.add(at);
  }
  const places = [...cuts].sort((one, other) => one - other);
  const text = foreignBlock('div', 'marked-text');
  text.tabIndex = 0;
  text.setAttribute('role', 'region');
  text.setAttribute('aria-label', 'The text of the document');
  for (let at = 0; at + 1 < places.length; at++) {
    const [start, end] = [places[at], places[at + 1]];
    const over = passages.filter(([number]) => side.start(number) <= start && side.end(number) >= end);
    const words = visible(slice(document, start, end));
    if (over.length === 0) {
      text.append(words);
      continue;
    }
    const mark = make('mark', 'repeats', words);
    mark.classList.toggle('is-looked-for', over.some(([number]) => number === wantedSide));
    mark.title = over.map(([, entry]) => `passage ${entry.number}, ${counted(entry.count, 'occurrence')}`).join('; ');
    text.append(mark);
  }
  if (shown < allBytes(document)) text.append(make('span', 'note', ' … the rest is not in this page.'));
  const block = make('details', 'text-of-document', make('summary', '', 'Its text, with what repeats marked'), text);
  block.open = wantedSide !== null;
  return block;
}

// Opens an entry in the list, also if it is filtered out.
function openEntry(entry) {
  state.open.add(entry.id);
  if (!list.shown.includes(entry)) {
    clearFilters();
  }
  setCurrent(entry);
  redraw(entry);
  goTo(entry);
  redraw(entry);
  keepHash();
}
