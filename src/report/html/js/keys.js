// What keys do. They are left alone where text is typed.

const keys = [
  ['j', 'next finding', () => step(1)],
  ['k', 'previous finding', () => step(-1)],
  ['o', 'open or close it', () => withCurrent((entry) => toggle(entry))],
  ['m', 'map of its first document', () => withCurrent((entry) => showDocument(side.document(entry.rows[0][4]), entry.rows[0][4]))],
  ['/', 'search', () => focusSearch()],
  ['x', 'close all', () => closeAll()],
  ['?', 'this help', () => document.getElementById('help').showModal()],
];

function withCurrent(act) {
  const entry = entryOf.get(state.current) ?? list.shown[0];
  if (entry) act(entry);
}

function focusSearch() {
  const search = document.getElementById('search');
  search.focus();
  search.select();
}

function closeAll() {
  const open = [...state.open];
  state.open.clear();
  open.forEach((id) => redraw(entryOf.get(id)));
  keepHash();
}

function drawHelp() {
  const help = make('dialog', 'help');
  help.id = 'help';
  const rows = keys.map(([key, label]) => make('div', '', make('dt', '', make('kbd', '', key)), make('dd', '', label)));
  help.append(make('h2', '', 'Keys'), make('dl', '', ...rows), button('export', 'Close', () => help.close()));
  return help;
}

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.matches?.('input:not([type=checkbox]), textarea, select');
  if (event.key === 'Escape' && isTyping) event.target.blur();
  if (isTyping || document.getElementById('help')?.open) return;
  const key = keys.find(([name]) => name === event.key);
  if (!key) return;
  event.preventDefault();
  key[2]();
});
