// The list of entries, drawn where it is looked at.
//
// Entries stand in groups. A group that is far away is an empty box as high as it was, or is thought to be;
// when it comes near it is filled. So the page holds a few hundred elements, whatever the number of findings.

const groupSize = 40;
const usualHeight = 104;

const list = {
  root: null,
  shown: [],
  groups: [],
  observer: null,
};

// Lists these entries.
function listEntries(shown) {
  list.observer?.disconnect();
  list.shown = shown;
  list.observer = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        const group = list.groups[Number(target.dataset.group)];
        if (isIntersecting) fill(group);
        else empty(group);
      }
    },
    { rootMargin: '1200px 0px' },
  );
  list.groups = [];
  for (let start = 0; start < shown.length; start += groupSize) {
    const entries = shown.slice(start, start + groupSize);
    const box = make('div', 'group');
    box.dataset.group = String(list.groups.length);
    box.style.minHeight = `${entries.length * usualHeight}px`;
    list.groups.push({ box, entries, isFilled: false });
  }
  list.root.replaceChildren(...list.groups.map((group) => group.box));
  list.groups.slice(0, 1).forEach(fill);
  list.groups.forEach((group) => list.observer.observe(group.box));
}

function fill(group) {
  if (group.isFilled) return;
  group.isFilled = true;
  group.box.replaceChildren(...group.entries.map(drawEntry));
  group.box.style.minHeight = '';
  markHits(group.box);
}

function empty(group) {
  // What holds the focus stays, and so does the beginning.
  if (!group.isFilled || group === list.groups[0] || group.box.contains(document.activeElement)) return;
  group.isFilled = false;
  group.box.style.minHeight = `${group.box.offsetHeight}px`;
  group.box.replaceChildren();
}

// Draws an entry anew, where it is drawn.
function redraw(entry) {
  const old = document.getElementById(`e-${entry.id}`);
  if (!old) return null;
  const hadFocus = old.contains(document.activeElement);
  const element = drawEntry(entry);
  old.replaceWith(element);
  markHits(element);
  if (hadFocus) element.querySelector('.title').focus({ preventScroll: true });
  return element;
}

// Brings an entry of the list into view and gives it the focus.
function goTo(entry, hasFocus = true) {
  const place = list.shown.indexOf(entry);
  if (place < 0) return;
  fill(list.groups[Math.floor(place / groupSize)]);
  const element = document.getElementById(`e-${entry.id}`);
  element.scrollIntoView({ block: 'nearest' });
  const { top } = element.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.7) element.scrollIntoView({ block: 'start' });
  if (hasFocus) element.querySelector('.title').focus({ preventScroll: true });
}

function toggle(entry, isOpen = !state.open.has(entry.id)) {
  if (isOpen) state.open.add(entry.id);
  else state.open.delete(entry.id);
  setCurrent(entry);
  const element = redraw(entry);
  keepHash();
  // What was opened is seen, and not its table alone.
  const below = element?.querySelector('.comparison')?.getBoundingClientRect().top ?? 0;
  if (isOpen && below > innerHeight - 150) element.scrollIntoView({ block: 'start' });
}

function setCurrent(entry) {
  const before = state.current && document.getElementById(`e-${state.current}`);
  before?.classList.remove('is-current');
  state.current = entry?.id ?? null;
  if (entry) document.getElementById(`e-${entry.id}`)?.classList.add('is-current');
}

// So many entries from the present one.
function step(by) {
  if (list.shown.length === 0) return;
  const at = list.shown.findIndex((entry) => entry.id === state.current);
  const next = at < 0 ? (by > 0 ? 0 : list.shown.length - 1) : at + by;
  const entry = list.shown[Math.max(0, Math.min(next, list.shown.length - 1))];
  setCurrent(entry);
  goTo(entry);
}

// What is printed: the first groups, whole, and how many are not.
addEventListener('beforeprint', () => {
  const printed = list.groups.slice(0, 5);
  printed.forEach(fill);
  list.groups.slice(5).forEach(empty);
  const left = list.shown.length - printed.reduce((sum, group) => sum + group.entries.length, 0);
  document.getElementById('not-printed').textContent =
    left > 0 ? `${counted(left, 'more finding')} ${left === 1 ? 'is' : 'are'} not printed: filter for those that are wanted.` : '';
});

// Looks anew at what is near.
addEventListener('afterprint', () => {
  for (const { box } of list.groups) {
    list.observer.unobserve(box);
    list.observer.observe(box);
  }
});
