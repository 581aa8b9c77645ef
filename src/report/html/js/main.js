// Puts the page together.

function begin() {
  const root = document.getElementById('findings');
  if (!root) return;
  document.getElementById('no-script').remove();
  const said = make('p', 'said');
  said.id = 'said';
  said.setAttribute('role', 'status');
  document.body.append(said, drawHelp());
  Object.assign(state, stateOf(location.hash));
  const title = make('h2', '', 'Findings');
  title.id = 'findings-title';
  const count = make('span', 'shown-count');
  count.id = 'shown-count';
  const nothing = make('p', 'nothing', 'Nothing is left by these filters. ');
  nothing.id = 'nothing-found';
  nothing.append(button('link', 'Show all', clearFilters));
  const help = button('key-help', make('kbd', '', '?'), () => document.getElementById('help').showModal());
  help.setAttribute('aria-label', 'Keys');
  list.root = make('div', 'list');
  const notPrinted = make('p', 'only-print note');
  notPrinted.id = 'not-printed';
  root.append(make('div', 'findings-head', title, count, help), drawFilters(), drawTools(), nothing, list.root, notPrinted);
  root.hidden = false;
  drawAtlas(document.getElementById('atlas'));
  refresh();
  showLinked();
  addEventListener('hashchange', () => {
    Object.assign(state, stateOf(location.hash));
    document.querySelector('.filters').replaceWith(drawFilters());
    if (state.document !== null) drawMap(state.document);
    refresh();
    showLinked();
  });
  document.getElementById('skip').addEventListener('click', (event) => {
    event.preventDefault();
    root.focus();
    root.scrollIntoView();
  });
  for (const cell of document.querySelectorAll('.shade[data-one]')) {
    // A source all of whose rows are left out is not known here.
    if ([cell.dataset.one, cell.dataset.other].every((source) => data.sources.includes(source))) linkCell(cell);
  }
}

// Brings what the address names into view.
function showLinked() {
  const [first] = state.open;
  if (!first) return;
  const entry = entryOf.get(first);
  setCurrent(entry);
  goTo(entry);
  if (state.pairs.has(first)) document.querySelector(`#e-${first} .comparison`)?.scrollIntoView({ block: 'nearest' });
}

function clearFilters() {
  const { open, pairs, document: mapped } = state;
  Object.assign(state, emptyState(), { open, pairs, document: mapped });
  document.querySelector('.filters').replaceWith(drawFilters());
  refresh();
}

// A cell of the matrix lists what its two sources share.
function linkCell(cell) {
  cell.setAttribute('tabindex', '0');
  cell.setAttribute('role', 'button');
  const choose = () => {
    clearFilters();
    state.source = data.sources.indexOf(cell.dataset.one);
    state.other = data.sources.indexOf(cell.dataset.other);
    document.querySelector('.filters').replaceWith(drawFilters());
    refresh();
    document.getElementById('findings').scrollIntoView();
  };
  cell.addEventListener('click', choose);
  cell.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    choose();
  });
}

begin();
