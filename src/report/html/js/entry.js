// An entry of the list: closed, a few lines; open, its documents and what differs between them.

// Of a table so many rows are drawn before it is asked for more: what is compared stands below it, in view.
const mostListed = 6;

// How much of a text is its title; on a small screen less.
const titleLength = () => (innerWidth < 736 ? 90 : 165);

const labels = {
  exact: 'Exact',
  near: 'Near',
  contained: 'Contained',
  passage: 'Passage',
  furniture: 'Furniture',
};

// The entry as it stands in the list.
function drawEntry(entry) {
  const isOpen = state.open.has(entry.id);
  const element = make('article', `entry is-${entry.label}`);
  element.id = `e-${entry.id}`;
  element.tabIndex = -1;
  element.classList.toggle('is-current', state.current === entry.id);
  const margin = make('div', 'margin', make('span', 'label', labels[entry.label]), make('span', 'measure', measure(entry)));
  const title = button('title', titleOf(entry), () => toggle(entry));
  title.setAttribute('aria-expanded', String(isOpen));
  const heading = make('h3', '', title);
  const link = make('a', 'anchor', '#');
  link.href = linkTo(entry);
  link.setAttribute('aria-label', `Link to this finding, ${entry.id}`);
  const body = make('div', 'body', heading);
  append(body, foundIn(entry, title.textContent), make('p', 'where', ...where(entry)));
  element.append(margin, body, link);
  if (isOpen) body.append(drawOpen(entry));
  return element;
}

// The address at which this entry is open, with what is compared in it.
const linkTo = (entry) => `#${hashOf({ ...state, open: new Set([entry.id]), current: null })}`;

// How alike, or how often.
function measure(entry) {
  if (entry.isOften) return `× ${grouped(entry.count)}`;
  const [least, most] = [percent(entry.similarity), percent(entry.most)];
  return least === most ? most : `${least.replace(' %', '')} – ${most}`;
}

// The first words of what repeats.
function titleOf(entry) {
  const first = entry.subject === 'cluster' ? keptSide(entry) : entry.rows[0][4];
  const text = beginning(first);
  if (!text) return documentName(side.document(first));
  return foreignBlock('span', 'quote', visible(shortened(text, titleLength())));
}

// Characters as wide as two.
const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/u;

// The words of a text that fit, and an ellipsis in the place of the others, but not behind a full stop.
function shortened(text, most) {
  let [start, width] = ['', 0];
  for (const character of text) {
    width += wide.test(character) ? 2 : 1;
    if (width <= most) start += character;
  }
  if (width <= most) return text;
  const words = /\s/u.test(start.slice(most / 2)) ? start.replace(/\s\S*$/u, '') : start;
  return `${words.replace(/[\s\p{Po}\p{Pd}]+$/u, '')} …`;
}

function beginning(number) {
  const excerpt = side.excerpt(number);
  if (excerpt) return excerpt;
  const document = side.document(number);
  if (!hasText(document)) return '';
  const start = side.start(number);
  const text = start === 0 ? textOf(document).slice(0, 400) : slice(document, start, start + 600);
  return Array.from(text.trim().replace(/\s+/gu, ' ')).slice(0, 200).join('');
}

// A side of a document that is kept, of that which stands for most, or of whichever there is.
function keptSide(entry) {
  const [first] = keptGroups(entry.members);
  const kept = new Set(first ? [first[0][1]] : []);
  for (const row of entry.rows) {
    for (const one of [row[4], row[5]]) if (kept.has(side.document(one))) return one;
  }
  return entry.rows[0][4];
}

function where(entry) {
  const [, , , , a, b] = entry.rows[0];
  if (entry.subject === 'cluster') {
    const kept = side.document(keptSide(entry));
    const more = entry.kept > 1 ? ` and ${counted(entry.kept - 1, 'other')}` : '';
    const going = `${more} · ${grouped(entry.count - entry.kept)} of ${counted(entry.count, 'document')}, ${counted(entry.repeated, 'word')}, could go`;
    const told = ['keeps ', documentName(kept), going];
    if (entry.onlyNumbers) told.push(' · ', make('strong', 'only-numbers', 'only numbers differ'));
    return told;
  }
  if (entry.subject === 'contained') {
    const [small, large] = side.words(a) <= side.words(b) ? [a, b] : [b, a];
    return [documentName(side.document(small)), ' stands in ', documentName(side.document(large)), ` · ${counted(entry.words, 'word')}`];
  }
  const documents = new Set(sidesOf(entry).map(side.document));
  const times = `${counted(entry.words, 'word')}, ${counted(entry.count, 'occurrence')}`;
  if (documents.size === 1) return [`${times} within `, documentName([...documents][0])];
  if (documents.size === 2) {
    const [one, other] = [...documents];
    return [`${times} in `, documentName(one), ' and ', documentName(other)];
  }
  const at = sidesOf(entry)[0];
  return [`${times} in ${counted(documents.size, 'document')}, first `, documentName(side.document(at))];
}

function drawOpen(entry) {
  const open = make('div', 'open');
  const shown = make('div', 'shown');
  const choice = { entry, shown, buttons: [], rows: [], row: chosenRow(entry) };
  if (entry.subject === 'cluster') open.append(memberTable(entry, choice));
  else if (entry.subject === 'passage' && entry.rows.length > 1) open.append(occurrenceTable(entry, choice));
  if (entry.subject === 'cluster') {
    const others = otherPairs(entry);
    if (others.length > 0) open.append(pairTable(others, choice));
  }
  if (entry.allRows > entry.rows.length) {
    const more = entry.allRows - entry.rows.length;
    open.append(make('p', 'note', `${counted(more, 'more row')} of it ${more === 1 ? 'is' : 'are'} in the CSV.`));
  }
  open.append(shown, exportBar(entry));
  choice.row ??= choice.rows[0] ?? entry.rows[0];
  markChosen(choice);
  shown.append(comparison(choice.row));
  return open;
}

// The row that was chosen to be compared, or nothing.
const chosenRow = (entry) => entry.rows.find((row) => row[0] === state.pairs.get(entry.id)) ?? null;

// A button that compares the sides of a row below the table.
function chooser(row, choice) {
  const choose = button('choose', 'compare', () => {
    const { entry, shown } = choice;
    choice.row = row;
    state.pairs.set(entry.id, row[0]);
    markChosen(choice);
    const figure = comparison(row);
    figure.prepend(button('link back', 'back to the rows', () => {
      choose.scrollIntoView({ block: 'center' });
      choose.focus({ preventScroll: true });
    }));
    shown.replaceChildren(figure);
    markHits(figure);
    keepHash();
    shown.closest('.entry').querySelector('.anchor').href = linkTo(entry);
    figure.scrollIntoView({ block: figure.offsetHeight < innerHeight ? 'nearest' : 'start' });
    figure.focus({ preventScroll: true });
  });
  choice.buttons.push(choose);
  choice.rows.push(row);
  choose.setAttribute('aria-pressed', String(row === choice.row));
  return choose;
}

function markChosen({ buttons, rows, row }) {
  buttons.forEach((one, place) => one.setAttribute('aria-pressed', String(rows[place] === row)));
}

// A table of which the first rows are drawn, and the others when they are asked for.
function table(className, head, items, drawItem) {
  const body = make('tbody');
  const element = make('table', className, make('thead', '', make('tr', '', ...head.map((name) => make('th', '', name)))), body);
  body.append(...items.slice(0, mostListed).map(drawItem));
  const block = make('div', 'table', element);
  if (items.length > mostListed) {
    const more = button('more', `Show all ${grouped(items.length)}`, () => {
      body.append(...items.slice(mostListed).map(drawItem));
      more.remove();
    });
    block.append(more);
  }
  return block;
}

function likenessBar(similarity) {
  const meter = drawn('svg', { class: 'meter', viewBox: '0 0 60 4', 'aria-hidden': 'true' });
  meter.append(
    drawn('rect', { class: 'meter-all', width: 60, height: 4 }),
    drawn('rect', { class: 'meter-part', width: (60 * similarity) / 10000, height: 4 }),
  );
  return make('span', 'likeness', percent(similarity), meter);
}

function memberTable(entry, choice) {
  const stars = new Map();
  for (const row of entry.rows) {
    const [one, other] = [side.document(row[4]), side.document(row[5])];
    stars.set(`${one} ${other}`, row);
    stars.set(`${other} ${one}`, row);
  }
  const groups = keptGroups(entry.members);
  const sizes = new Map(groups.map((group) => [group[0][1], group.length - 1]));
  const drawMember = ([document, kept, similarity]) => {
    const isKept = document === kept;
    const row = isKept ? null : stars.get(`${document} ${kept}`);
    const line = make('tr', isKept ? 'is-kept' : '');
    const stands = sizes.get(document) > 0 ? `for ${counted(sizes.get(document), 'other')}` : 'for itself';
    line.append(
      make('td', 'fate', isKept ? 'kept' : 'goes'),
      make('td', 'name', button('link', documentName(document), () => showDocument(document))),
      make('td', 'number', isKept ? (groups.length > 1 ? stands : '') : likenessBar(similarity)),
      make('td', 'act', row ? chooser(row, choice) : null),
    );
    return line;
  };
  const members = table('members', ['', 'Document', 'To the kept one', ''], groups.flat(), drawMember);
  if (entry.count > entry.members.length) {
    members.append(make('p', 'note', `${counted(entry.count - entry.members.length, 'more document')} of the cluster, in the CSV.`));
  }
  return members;
}

// The members by the document that is kept for them, it first: those that stand for most before the others.
function keptGroups(members) {
  const groups = new Map();
  for (const member of members) {
    if (!groups.has(member[1])) groups.set(member[1], []);
    groups.get(member[1]).push(member);
  }
  return [...groups.values()].sort((one, other) => other.length - one.length);
}

// Rows between documents neither of which is kept for the other.
function otherPairs(entry) {
  const kept = new Map(entry.members.map((member) => [member[0], member[1]]));
  return entry.rows.filter((row) => {
    const [one, other] = [side.document(row[4]), side.document(row[5])];
    return kept.get(one) !== other && kept.get(other) !== one;
  });
}

function pairTable(rows, choice) {
  const block = make('details', 'other-pairs', make('summary', '', `${counted(rows.length, 'other pair')} of the cluster`));
  const drawPair = (row) =>
    make(
      'tr',
      '',
      make('td', 'name', documentName(side.document(row[4]))),
      make('td', 'name', documentName(side.document(row[5]))),
      make('td', 'number', likenessBar(row[2])),
      make('td', 'act', chooser(row, choice)),
    );
  block.addEventListener(
    'toggle',
    () => block.append(table('pairs', ['One', 'Other', 'Alike', ''], rows, drawPair)),
    { once: true },
  );
  return block;
}

function occurrenceTable(entry, choice) {
  // Each occurrence with the row that ties it to one before it, or else to one after it.
  const rows = new Map();
  for (const row of entry.rows) if (!rows.has(row[5])) rows.set(row[5], row);
  for (const row of entry.rows) if (!rows.has(row[4])) rows.set(row[4], row);
  const sides = sidesOf(entry);
  const drawOccurrence = (number) => {
    const row = number === sides[0] ? null : rows.get(number);
    const document = side.document(number);
    return make(
      'tr',
      '',
      make('td', 'name', button('link', documentName(document), () => showDocument(document, number))),
      make('td', 'number', `line ${grouped(side.line(number))}`),
      make('td', 'number', row ? likenessBar(row[3]) : 'first'),
      make('td', 'act', row ? chooser(row, choice) : null),
    );
  };
  return table('occurrences', ['Document', 'Place', 'To another one', ''], sides, drawOccurrence);
}
