// The data of the page: rows and names are parsed at once, texts when they are looked at.

const data = JSON.parse(document.getElementById('data').textContent);
const kindNames = ['exact', 'near', 'contained', 'passage'];

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

// Blocks of texts by number, parsed; and of texts the bytes that were looked at last.
const parsedBlocks = [];
const recentBytes = new Map();

// Sides of rows: [document, start, end, line, words, excerpt, before, after].
const side = {
  document: (number) => data.sides[number][0],
  start: (number) => data.sides[number][1],
  end: (number) => data.sides[number][2],
  line: (number) => data.sides[number][3],
  words: (number) => data.sides[number][4],
  excerpt: (number) => excerptOf(data.sides[number][5]),
  before: (number) => excerptOf(data.sides[number][6]),
  after: (number) => excerptOf(data.sides[number][7]),
};

function excerptOf(number) {
  return number < 0 ? '' : data.excerpts[number];
}

const nameOf = (document) => data.documents[document][0];
const sourceOf = (document) => data.documents[document][1];
const hasText = (document) => data.documents[document][2] >= 0;

// The text of a document, which may be its beginning only.
function textOf(document) {
  let number = data.documents[document][2];
  if (number < 0) return null;
  let block = 0;
  while (number >= data.blocks[block]) number -= data.blocks[block++];
  parsedBlocks[block] ??= JSON.parse(window.document.getElementById(`texts-${block}`).textContent);
  return parsedBlocks[block][number];
}

function bytesOf(document) {
  const number = data.documents[document][2];
  let bytes = recentBytes.get(number);
  if (!bytes) {
    bytes = encoder.encode(textOf(document));
    if (recentBytes.size > 20) recentBytes.delete(recentBytes.keys().next().value);
    recentBytes.set(number, bytes);
  }
  return bytes;
}

// How many bytes of a document are in the page, and how many it has.
const shownBytes = (document) => (hasText(document) ? bytesOf(document).length : 0);
const allBytes = (document) => data.documents[document][3];

// The text between two bytes. Spans start and end between characters; what does not, is moved back there.
function slice(document, start, end) {
  const bytes = bytesOf(document);
  const within = (at) => {
    let place = Math.max(0, Math.min(at, bytes.length));
    while (place > 0 && place < bytes.length && (bytes[place] & 0xc0) === 0x80) place--;
    return place;
  };
  return decoder.decode(bytes.subarray(within(start), within(end)));
}

// What a side says: its whole text if it is there, or the excerpt. `whole` tells which.
function quoted(number) {
  const document = side.document(number);
  const excerpt = side.excerpt(number);
  const end = side.end(number);
  if (!hasText(document) || side.start(number) >= shownBytes(document)) {
    // An excerpt has up to 200 characters.
    return { text: excerpt, whole: excerpt !== '' && Array.from(excerpt).length < 199 };
  }
  const whole = end <= shownBytes(document);
  return { text: slice(document, side.start(number), end), whole };
}

// The words around a side, as many characters as asked for.
function around(number, most) {
  const document = side.document(number);
  if (!hasText(document)) return { before: side.before(number), after: withoutClosing(side.after(number)) };
  const start = side.start(number);
  const end = side.end(number);
  const cut = (text) => text.replace(/\s+/gu, ' ');
  let before = cut(slice(document, Math.max(0, start - most), start));
  let after = cut(slice(document, end, end + most));
  // No words in half.
  if (start > most) before = before.replace(/^\S*\s/u, '… ');
  if (end + most < shownBytes(document)) after = after.replace(/[\s\p{P}]\S*$/u, ' …');
  return { before, after: withoutClosing(after) };
}

// What closes a passage, as a full stop or a quotation mark, is no part of what follows it.
const withoutClosing = (text) => text.replace(/^[\s\p{Po}\p{Pd}\p{Pe}\p{Pf}"'`]+/u, '').trimEnd();

// Entries as objects, in the order of the words that they repeat.
const entries = data.entries.map(
  ([subject, number, repeated, count, allRows, members, rows, kept, onlyNumbers], place) => {
    const kinds = new Set(rows.map((row) => row[1]));
    const first = rows[0];
    const likeness = (row) => (row[1] < 2 ? row[2] : row[3]);
    const words = Math.min(side.words(first[4]), side.words(first[5]));
    const [leastPlaces, mostFurniture] = data.furniture;
    const isOften = subject === 'passage' && count >= leastPlaces;
    const isFurniture =
      isOften && words <= mostFurniture && rows.some((row) => side.document(row[4]) !== side.document(row[5]));
    return {
      id: { cluster: 'c', contained: 'r', passage: 'p' }[subject] + number,
      place,
      subject,
      number,
      repeated,
      count,
      allRows,
      members,
      rows,
      words,
      isOften,
      // Of a cluster how many of its documents are kept, and whether the others differ from these in
      // numbers only.
      kept,
      onlyNumbers: onlyNumbers === 1,
      // Of a cluster that of the least similar pair shown: what is the same all over is at the top.
      similarity: rows.reduce((least, row) => Math.min(least, likeness(row)), 10000),
      most: rows.reduce((most, row) => Math.max(most, likeness(row)), 0),
      first: Math.min(...rows.map((row) => row[0])),
      label: isFurniture ? 'furniture' : subject === 'cluster' ? clusterLabel(kinds) : subject,
      kinds,
    };
  },
);
const entryOf = new Map(entries.map((entry) => [entry.id, entry]));

function clusterLabel(kinds) {
  if (kinds.size > 1) return 'near';
  return kindNames[[...kinds][0]];
}

// The sides of an entry, each once, in the order of names and places.
function sidesOf(entry) {
  const all = [...new Set(entry.rows.flatMap((row) => [row[4], row[5]]))];
  return all.sort(
    (one, other) => side.document(one) - side.document(other) || side.start(one) - side.start(other),
  );
}

// The entries in which each document is, made when it is first asked for.
let entriesByDocument = null;
function entriesOf(document) {
  if (!entriesByDocument) {
    entriesByDocument = new Map();
    for (const entry of entries) {
      for (const one of new Set(sidesOf(entry).map(side.document))) {
        if (!entriesByDocument.has(one)) entriesByDocument.set(one, []);
        entriesByDocument.get(one).push(entry);
      }
    }
  }
  return entriesByDocument.get(document) ?? [];
}
