// Elements and text. Foreign text only ever becomes text nodes.

const svgSpace = 'http://www.w3.org/2000/svg';

// An element with a class, and children that are elements or text of our own.
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  append(element, ...children);
  return element;
}

// Adds children, of which some may be nothing.
function append(element, ...children) {
  element.append(...children.filter((child) => child !== null && child !== undefined));
}

function button(className, label, act) {
  const element = make('button', className, label);
  element.type = 'button';
  element.addEventListener('click', act);
  return element;
}

function drawn(tag, attributes) {
  const element = document.createElementNS(svgSpace, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// What steers, turns the direction of writing or is not seen.
const hidden =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

function spelled(character) {
  const code = character.codePointAt(0);
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

// Foreign text as nodes, with what is hidden spelled out.
function visible(text) {
  const nodes = document.createDocumentFragment();
  let at = 0;
  for (const found of text.matchAll(hidden)) {
    if (found.index > at) nodes.append(text.slice(at, found.index));
    nodes.append(make('span', 'hidden-character', spelled(found[0])));
    at = found.index + found[0].length;
  }
  if (at < text.length) nodes.append(text.slice(at));
  return nodes;
}

// Foreign text that does not change the direction of what is around it.
function foreign(className, text) {
  const element = make('bdi', className);
  element.append(visible(text));
  return element;
}

// A block of foreign text, in its own direction.
function foreignBlock(tag, className, ...nodes) {
  const element = make(tag, className, ...nodes);
  element.dir = 'auto';
  return element;
}

// The name of a document, its folder receding.
function documentName(document) {
  const name = nameOf(document);
  const cut = name.split('#')[0].lastIndexOf('/') + 1;
  const element = make('bdi', 'document');
  if (cut > 0) {
    const folder = make('span', 'folder');
    folder.append(visible(name.slice(0, cut)));
    element.append(folder);
  }
  element.append(visible(name.slice(cut)));
  return element;
}

const numbers = new Intl.NumberFormat('en');
const grouped = (number) => numbers.format(number);
const counted = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;
// Rounded down, so that only what is the same is 100 %.
const percent = (similarity) =>
  similarity === 10000 ? '100 %' : `${(Math.floor(similarity / 10) / 10).toFixed(1)} %`;

// Says something to those who do not see what happened.
function say(message) {
  document.getElementById('said').textContent = message;
}
