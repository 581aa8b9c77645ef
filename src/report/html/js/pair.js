// Two texts side by side: what is equal recedes, what differs stands out.

const longEqualWords = 70;
const longPassageWords = 400;
const edgeWords = 24;

// The two sides of a row beside one another, with why they are a pair.
function comparison(row) {
  const [, kind, jaccard, containment, a, b] = row;
  const [left, right] = [quoted(a), quoted(b)];
  const [leftWords, rightWords] = [wordsOf(left.text), wordsOf(right.text)];
  const runs = compare(leftWords.keys, rightWords.keys);
  const facts = factsOf(runs, leftWords, rightWords);
  const parts = partsOf([a, left, leftWords], [b, right, rightWords]);
  const isWhole = parts.length === 0;

  const figure = make('section', 'comparison');
  figure.tabIndex = -1;
  figure.setAttribute('aria-label', `${nameOf(side.document(a))} and ${nameOf(side.document(b))}`);
  figure.append(make('p', 'why', whyPair(kind, jaccard, containment)));
  if (!isWhole) figure.append(make('p', 'part', 'Only a part is shown and compared: ', ...parts, '.'));
  figure.append(make('p', 'tally', ...tally(facts, isWhole)));
  const grid = make('div', 'sides');
  grid.append(sideHead(a, 'on-left'), sideHead(b, 'on-right'));
  const context = kind === 3 ? [around(a, 220), around(b, 220)] : null;
  if (context && (context[0].before || context[1].before)) {
    grid.append(...context.map((one, place) => drawAround(one.before, place)));
  }
  // A passage is what is the same: it is to be seen.
  const most = kind === 3 ? longPassageWords : longEqualWords;
  for (const line of linesOf(runs, leftWords, rightWords, most, isWhole)) grid.append(...line);
  if (context && (context[0].after || context[1].after)) {
    grid.append(...context.map((one, place) => drawAround(one.after, place)));
  }
  figure.append(grid);
  return figure;
}

// Where a side stands: beside the other, or on a small screen below it.
function placeOf(place) {
  return [make('span', 'when-beside', ['on the left', 'on the right'][place]), make('span', 'when-stacked', ['in the first', 'in the second'][place])];
}

// Of each side that is not compared whole how much is; nothing if both are whole.
function partsOf(...sides) {
  const told = sides.map(([number, { text, whole }, words], place) => {
    if (whole && !words.cut) return null;
    const part = (told) => [`${told} `, ...placeOf(place)];
    if (words.cut) return part(`the first ${counted(words.keys.length, 'word')}`);
    if (text === '') return part('nothing');
    const document = side.document(number);
    if (!hasText(document) || side.start(number) >= shownBytes(document)) return part('the first words');
    const shown = shownBytes(document) - side.start(number);
    return part(`the first ${grouped(shown)} of ${counted(side.end(number) - side.start(number), 'byte')}`);
  });
  return told.filter(Boolean).flatMap((part, number) => (number > 0 ? [', ', ...part] : part));
}

function whyPair(kind, jaccard, containment) {
  switch (kind) {
    case 0:
      return 'Exact: the same words in the same order.';
    case 1:
      return `Near: of all runs of words in the two, ${percent(jaccard)} are in both` +
        (data.threshold ? `, and the threshold is ${percent(Math.round(data.threshold * 10000))}.` : '.');
    case 2:
      return `Contained: ${percent(containment)} of the smaller’s runs of words stand in the larger.`;
    default:
      return `Passage: ${percent(containment)} of the shorter’s words stand in the longer, in order.`;
  }
}

// What the runs come to.
function factsOf(runs, left, right) {
  const facts = { same: 0, left: 0, right: 0, places: 0, numbers: 0, forms: 0 };
  for (const [isEqual, startA, endA, startB, endB] of runs) {
    if (isEqual) {
      facts.same += endA - startA;
      for (let step = 0; step < endA - startA; step++) {
        if (!isSameForm(left, startA + step, right, startB + step)) facts.forms++;
      }
    } else {
      facts.places++;
      facts.left += endA - startA;
      facts.right += endB - startB;
      if (onlyNumbers(left.keys.slice(startA, endA), right.keys.slice(startB, endB))) facts.numbers++;
    }
  }
  return facts;
}

function isSameForm(left, atA, right, atB) {
  return left.text.slice(left.starts[atA], left.ends[atA]) === right.text.slice(right.starts[atB], right.ends[atB]);
}

// What is known of a part only is said of that.
function tally({ same, left, right, places, numbers, forms }, isWhole) {
  const parts = [`${counted(same, 'word')} the same${isWhole ? '' : ' in this part'}`];
  if (left > 0) parts.push(` · ${grouped(left)} only `, ...placeOf(0));
  if (right > 0) parts.push(` · ${grouped(right)} only `, ...placeOf(1));
  if (forms > 0) parts.push(` · ${grouped(forms)} written otherwise`);
  const told = [make('span', '', ...parts)];
  if (isWhole && places > 0 && numbers === places) {
    told.push(make('strong', 'only-numbers', `differs only in numbers, in ${counted(places, 'place')}`));
  } else if (numbers > 0) {
    told.push(make('span', 'some-numbers', `${counted(numbers, 'place')} with other numbers only`));
  }
  return told;
}

function sideHead(number, place) {
  const head = make('header', `side-head ${place}`);
  const document = side.document(number);
  head.append(
    button('link', documentName(document), () => showDocument(document, number)),
    make('span', 'place', `line ${grouped(side.line(number))}, ${counted(side.words(number), 'word')}`),
  );
  return head;
}

// The lines of both sides, broken where both have a line break after an equal word. Each is two cells, or
// one over both that stands for what is equal and not shown.
function linesOf(runs, left, right, most, isWhole) {
  const lines = [newLine()];
  let line = lines[0];
  for (const [isEqual, startA, endA, startB, endB] of runs) {
    if (!isEqual) {
      const isNumbers = onlyNumbers(left.keys.slice(startA, endA), right.keys.slice(startB, endB));
      line.left.push({ className: isNumbers ? 'numbers' : 'differs', words: left, start: startA, end: endA });
      line.right.push({ className: isNumbers ? 'numbers' : 'differs', words: right, start: startB, end: endB });
      line.isEqual = false;
      continue;
    }
    let from = 0;
    for (let step = 1; step <= endA - startA; step++) {
      const isLast = step === endA - startA;
      const same = isSameForm(left, startA + step - 1, right, startB + step - 1);
      const nextSame = isLast || isSameForm(left, startA + step, right, startB + step) === same;
      const isBreak = hasBreak(left, startA + step - 1) && hasBreak(right, startB + step - 1);
      if (!isLast && nextSame && !isBreak) continue;
      const className = same ? 'equal' : 'form';
      line.left.push({ className, words: left, start: startA + from, end: startA + step });
      line.right.push({ className, words: right, start: startB + from, end: startB + step });
      if (!same) line.isEqual = false;
      line.count += step - from;
      from = step;
      if (isBreak) {
        line = newLine();
        lines.push(line);
      }
    }
  }
  return drawLines(lines.filter((one) => one.left.length + one.right.length > 0), most, isWhole);
}

const newLine = () => ({ left: [], right: [], isEqual: true, count: 0 });

// Whether a line ends after a word.
function hasBreak(words, at) {
  return words.text.slice(words.ends[at], words.starts[at + 1] ?? words.text.length).includes('\n');
}

function* drawLines(lines, most, isWhole) {
  for (let at = 0; at < lines.length; ) {
    let end = at;
    let count = 0;
    while (end < lines.length && lines[end].isEqual) count += lines[end++].count;
    if (count > most) {
      yield [fold(lines.slice(at, end), count, lines.length === end - at, isWhole)];
      at = end;
    } else {
      yield drawLine(lines[at]);
      at++;
    }
  }
}

// What is the same in both, until it is asked for.
function fold(lines, count, isAll, isWhole) {
  const all = isWhole ? `All ${grouped(count)} words are the same` : `All ${grouped(count)} words of this part are the same`;
  const label = isAll ? all : `${grouped(count)} words the same in both`;
  const open = button('fold', label, () => open.replaceWith(...lines.flatMap(drawLine)));
  return open;
}

function drawAround(text, place) {
  return foreignBlock('p', `around on-${['left', 'right'][place]}`, visible(text));
}

function drawLine(line) {
  return [line.left, line.right].map((pieces, place) => {
    const cell = foreignBlock('p', `cell on-${['left', 'right'][place]}${line.isEqual ? ' is-equal' : ''}`);
    for (const piece of pieces) cell.append(...drawPiece(piece, line.isEqual));
    return cell;
  });
}

function* drawPiece({ className, words, start, end }, isAlone) {
  if (start === end) return;
  const { text, starts, ends } = words;
  const from = start === 0 ? 0 : starts[start];
  const gap = text.slice(ends[end - 1], starts[end] ?? text.length).replace(/\n+$/u, '\n');
  if (className === 'equal' && !isAlone && end - start > longEqualWords) {
    yield visible(text.slice(from, ends[start + edgeWords - 1]));
    const middle = text.slice(ends[start + edgeWords - 1], starts[end - edgeWords]);
    const open = button('fold-inline', `${grouped(end - start - 2 * edgeWords)} words the same`, () =>
      open.replaceWith(visible(middle)),
    );
    yield open;
    yield visible(text.slice(starts[end - edgeWords], ends[end - 1]));
  } else if (className === 'equal') {
    yield visible(text.slice(from, ends[end - 1]));
  } else {
    if (from < starts[start]) yield visible(text.slice(from, starts[start]));
    const mark = make(className === 'form' ? 'span' : 'mark', className);
    mark.append(visible(text.slice(starts[start], ends[end - 1])));
    yield mark;
  }
  yield visible(gap);
}
