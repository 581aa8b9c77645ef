// Which entries are listed, and in which order. What is chosen stands in the address, so that it can be kept.

const sorts = {
  repeated: ['most words repeated', (one, other) => one.place - other.place],
  similarity: ['most alike', (one, other) => other.similarity - one.similarity || one.place - other.place],
  different: ['least alike', (one, other) => one.similarity - other.similarity || one.place - other.place],
  count: ['most often', (one, other) => other.count - one.count || one.place - other.place],
  rows: ['as in the CSV', (one, other) => one.first - other.first],
};

const state = emptyState();

function emptyState() {
  return {
    kinds: new Set(Object.keys(labels)),
    least: 0,
    most: 100,
    source: null,
    other: null,
    text: '',
    sort: 'repeated',
    open: new Set(),
    // Of open entries the row that was chosen to be compared, by its number.
    pairs: new Map(),
    current: null,
    document: null,
  };
}

// Documents without a folder have a source, too.
const sourceName = (source) => data.sources[source] || '.';

// What differs from the usual, as it stands behind the `#` of the address.
function hashOf(chosen) {
  const parts = new URLSearchParams();
  if (chosen.kinds.size < Object.keys(labels).length) parts.set('kind', [...chosen.kinds].join(' '));
  if (chosen.least > 0) parts.set('from', String(chosen.least));
  if (chosen.most < 100) parts.set('to', String(chosen.most));
  if (chosen.source !== null) parts.set('source', sourceName(chosen.source));
  if (chosen.other !== null) parts.set('with', sourceName(chosen.other));
  if (chosen.text) parts.set('text', chosen.text);
  if (chosen.sort !== 'repeated') parts.set('sort', chosen.sort);
  if (chosen.open.size > 0) parts.set('open', [...chosen.open].join(' '));
  const pairs = [...chosen.open].map((id) => chosen.pairs.get(id)).filter(Boolean);
  if (pairs.length > 0) parts.set('pair', pairs.join(' '));
  if (chosen.document !== null) parts.set('document', nameOf(chosen.document));
  return parts.toString();
}

// Foreign text may be behind the `#`, too: what is not known is passed over.
function stateOf(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const chosen = emptyState();
  const share = (name, usual) => {
    const value = Number(parts.get(name) ?? usual);
    return value >= 0 && value <= 100 ? value : usual;
  };
  if (parts.has('kind')) {
    chosen.kinds = new Set(parts.get('kind').split(' ').filter((kind) => kind in labels));
  }
  chosen.least = share('from', 0);
  chosen.most = share('to', 100);
  const known = (name) => {
    const number = data.sources.findIndex((_, source) => sourceName(source) === name);
    return number < 0 ? null : number;
  };
  chosen.source = known(parts.get('source'));
  chosen.other = known(parts.get('with'));
  chosen.text = parts.get('text') ?? '';
  if (Object.hasOwn(sorts, parts.get('sort'))) chosen.sort = parts.get('sort');
  chosen.open = new Set((parts.get('open') ?? '').split(' ').filter((id) => entryOf.has(id)));
  const pairs = new Set((parts.get('pair') ?? '').split(' ').map(Number));
  for (const id of chosen.open) {
    const row = entryOf.get(id).rows.find((one) => pairs.has(one[0]));
    if (row) chosen.pairs.set(id, row[0]);
  }
  const document = data.documents.findIndex((one) => one[0] === parts.get('document'));
  chosen.document = document < 0 ? null : document;
  return chosen;
}

function keepHash() {
  const hash = hashOf(state);
  history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
}

// The entries that are wanted, in order.
function wanted() {
  const inSource = sourceTest();
  const hasWords = textTest();
  const chosen = entries.filter(
    (entry) =>
      state.kinds.has(entry.label) &&
      entry.most >= state.least * 100 &&
      entry.similarity <= state.most * 100 &&
      inSource(entry) &&
      hasWords(entry),
  );
  return chosen.sort(sorts[state.sort][1]);
}

function sourceTest() {
  const { source: one, other } = state;
  if (one === null && other === null) return () => true;
  const pair = (row) => [sourceOf(side.document(row[4])), sourceOf(side.document(row[5]))];
  if (one === null || other === null) {
    return (entry) => entry.rows.some((row) => pair(row).includes(one ?? other));
  }
  return (entry) =>
    entry.rows.some((row) => {
      const [a, b] = pair(row);
      return (a === one && b === other) || (a === other && b === one);
    });
}

const folded = (text) => text.normalize('NFKC').toLowerCase();
const searchedWords = (text) => folded(text).split(/\s+/u).filter(Boolean);

// Every word of the search stands in the names or in the text of the entry.
function textTest() {
  const words = searchedWords(state.text);
  if (words.length === 0) return () => true;
  // Which of the words each document, its name and its text has, is looked up once.
  const marks = (text) => words.reduce((bits, word, at) => (text.includes(word) ? bits | (1 << at) : bits), 0);
  const all = 2 ** Math.min(words.length, 30) - 1;
  const inName = new Map();
  const inText = new Map();
  const look = (map, key, text) => {
    if (!map.has(key)) map.set(key, marks(folded(text())));
    return map.get(key);
  };
  return (entry) => {
    let found = 0;
    for (const number of sidesOf(entry)) {
      const document = side.document(number);
      found |= look(inName, document, () => nameOf(document));
      const excerpt = data.sides[number][5];
      if (excerpt >= 0) found |= look(inText, `e${excerpt}`, () => excerptOf(excerpt));
      else if (hasText(document)) found |= look(inText, data.documents[document][2], () => textOf(document));
      if ((found & all) === all) return true;
    }
    return false;
  };
}

// Puts the list to what is chosen.
function refresh() {
  const shown = wanted();
  forgetHits();
  listEntries(shown);
  const all = entries.length;
  const told = shown.length === all ? counted(all, 'finding') : `${grouped(shown.length)} of ${counted(all, 'finding')}`;
  document.getElementById('shown-count').textContent = told;
  say(told);
  document.getElementById('nothing-found').hidden = shown.length > 0;
  keepHash();
}

// The controls above the list.
function drawFilters() {
  const bar = make('form', 'filters');
  bar.addEventListener('submit', (event) => event.preventDefault());
  const kinds = make('fieldset', 'kinds', make('legend', '', 'Kind'));
  const counts = new Map();
  for (const entry of entries) counts.set(entry.label, (counts.get(entry.label) ?? 0) + 1);
  for (const [kind, label] of Object.entries(labels)) {
    if (!counts.has(kind)) continue;
    const box = input('checkbox', state.kinds.has(kind));
    box.name = kind;
    box.addEventListener('change', () => {
      if (box.checked) state.kinds.add(kind);
      else state.kinds.delete(kind);
      refresh();
    });
    kinds.append(make('label', 'chip', box, ` ${label} `, make('span', 'count', grouped(counts.get(kind)))));
  }
  const search = input('search', state.text);
  search.id = 'search';
  search.placeholder = 'words in names and texts';
  search.setAttribute('aria-keyshortcuts', '/');
  let soon = 0;
  search.addEventListener('input', () => {
    clearTimeout(soon);
    soon = setTimeout(() => {
      state.text = search.value;
      refresh();
    }, 180);
  });
  const likeness = (name, label) => {
    const field = input('number', String(state[name]));
    Object.assign(field, { min: 0, max: 100, step: 1, name });
    field.addEventListener('change', () => {
      state[name] = Math.max(0, Math.min(100, Number(field.value) || 0));
      refresh();
    });
    return make('label', 'share', label, field);
  };
  const sources = (name, label, none) => {
    const field = select(
      [['', none], ...offeredSources().map((number) => [String(number), data.sources[number] || '(no folder)'])],
      state[name] === null ? '' : String(state[name]),
    );
    field.name = name;
    field.addEventListener('change', () => {
      state[name] = field.value === '' ? null : Number(field.value);
      refresh();
    });
    return make('label', 'source', label, field);
  };
  const sort = select(Object.entries(sorts).map(([name, [label]]) => [name, label]), state.sort);
  sort.name = 'sort';
  sort.addEventListener('change', () => {
    state.sort = sort.value;
    refresh();
  });
  bar.append(
    make('label', 'search', 'Search', search),
    kinds,
    make('div', 'shares', likeness('least', 'Alike from'), likeness('most', 'to'), ' %'),
  );
  if (data.sources.length > 1) bar.append(make('div', 'pair-of-sources', sources('source', 'Source', 'any'), sources('other', 'with', 'any')));
  bar.append(make('label', 'sort', 'Sort', sort));
  return bar;
}

// A list of thousands is no choice: of so many sources those with most documents are offered.
const mostSources = 400;

function offeredSources() {
  const counts = data.sources.map(() => 0);
  for (const one of data.documents) counts[one[1]]++;
  const chosen = [state.source, state.other].filter((number) => number !== null);
  const order = [...counts.keys()].sort((one, other) => counts[other] - counts[one] || one - other);
  return [...new Set([...order.slice(0, mostSources), ...chosen])].sort((one, other) => one - other);
}

function input(type, value) {
  const field = make('input');
  field.type = type;
  if (type === 'checkbox') field.checked = value;
  else field.value = value;
  return field;
}

function select(options, chosen) {
  const field = make('select');
  for (const [value, label] of options) {
    const option = make('option', '', visible(label));
    option.value = value;
    field.append(option);
  }
  field.value = chosen;
  return field;
}
