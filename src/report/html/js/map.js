// The map of one document: a strip from its first byte to its last, and in it what repeats elsewhere.

const mostSpans = 400;
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
  const all = spansOf(document);
  const spans = all.slice(0, mostSpans);
  const told = spans.reduce((most, [number]) => Math.max(most, side.end(number)), 1);
  const length = allBytes(document) || told;
  const picture = window.document.getElementById('map');
  picture.replaceChildren();
  append(
    picture,
    make('p', 'map-facts', `${counted(all.length, 'repeat')}, ${grouped(length)} bytes`, allBytes(document) ? '' : ' at least'),
    strip(spans, length),
    all.length > spans.length ? make('p', 'note', `The first ${grouped(spans.length)} are drawn.`) : null,
    hasText(document) ? markedText(document, spans, wantedSide) : make('p', 'note', 'Its text is not in this page.'),
  );
}

// The strip: what overlaps goes into lanes below one another.
function strip(spans, length) {
  const [width, laneHeight, most] = [1000, 14, 14];
  const lanes = [];
  const placed = spans.map(([number, entry]) => {
    let lane = lanes.findIndex((end) => end <= side.start(number));
    if (lane < 0) lane = lanes.length < most ? lanes.length : most - 1;
    lanes[lane] = Math.max(lanes[lane] ?? 0, side.end(number));
    return [number, entry, lane];
  });
  const height = Math.max(1, lanes.length) * laneHeight + 26;
  const svg = drawn('svg', { class: 'strip', viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': 'Where it repeats' });
  svg.append(drawn('rect', { class: 'paper', x: 0, y: 0, width, height: height - 20 }));
  for (const [number, entry, lane] of placed) {
    const x = (width * side.start(number)) / length;
    const extent = Math.max(2, (width * (side.end(number) - side.start(number))) / length);
    const link = drawn('a', { href: `#open=${entry.id}`, class: `span is-${entry.label}` });
    const rect = drawn('rect', { x, y: lane * laneHeight + 3, width: extent, height: laneHeight - 4, rx: 1 });
    const title = drawn('title', {});
    title.textContent = `${labels[entry.label]} ${entry.number}, line ${side.line(number)}, ${counted(side.words(number), 'word')}`;
    link.append(rect, title);
    link.addEventListener('click', (event) => {
      event.preventDefault();
      openEntry(entry);
    });
    svg.append(link);
  }
  for (let quarter = 0; quarter <= 4; quarter++) {
    const anchor = ['start', 'middle', 'middle', 'middle', 'end'][quarter];
    const tick = drawn('text', { class: `tick ${anchor}`, x: (width * quarter) / 4, y: height - 5 });
    tick.textContent = grouped(Math.round((length * quarter) / 4));
    svg.append(tick);
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
    Object.assign(state, emptyState(), { open: state.open, document: state.document });
    window.document.querySelector('.filters').replaceWith(drawFilters());
    refresh();
  }
  setCurrent(entry);
  redraw(entry);
  goTo(entry);
  redraw(entry);
  keepHash();
}
