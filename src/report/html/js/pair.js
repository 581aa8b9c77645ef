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

  const figure = make('section', 'comparison');
  const why = make('p', 'why', whyPair(kind, jaccard, containment));
  figure.append(why, make('p', 'tally', ...tally(facts)));
  const grid = make('div', 'sides');
  grid.append(sideHead(a), sideHead(b));
  const context = kind === 3 ? [around(a, 220), around(b, 220)] : null;
  if (context && (context[0].before || context[1].before)) {
    grid.append(...context.map((one) => foreignBlock('p', 'around', visible(one.before))));
  }
  // A passage is what is the same: it is to be seen.
  const most = kind === 3 ? longPassageWords : longEqualWords;
  for (const line of linesOf(runs, leftWords, rightWords, most)) grid.append(...line);
  if (context && (context[0].after || context[1].after)) {
    grid.append(...context.map((one) => foreignBlock('p', 'around', visible(one.after))));
  }
  figure.append(grid);
  const cut = [
    left.whole && right.whole ? null : 'The texts are shown as far as they are in this page; what follows is not compared.',
    leftWords.cut || rightWords.cut ? `Only the first ${grouped(mostWords)} words are compared.` : null,
  ];
  cut.filter(Boolean).forEach((note) => figure.append(make('p', 'note', note)));
  return figure;
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

function tally({ same, left, right, places, numbers, forms }) {
  const parts = [`${counted(same, 'word')} the same`];
  if (left > 0) parts.push(`${grouped(left)} only on the left`);
  if (right > 0) parts.push(`${grouped(right)} only on the right`);
  if (forms > 0) parts.push(`${grouped(forms)} written otherwise`);
  const told = [make('span', '', parts.join(' · '))];
  if (places > 0 && numbers === places) {
    told.push(make('strong', 'only-numbers', `differs only in numbers, in ${counted(places, 'place')}`));
  } else if (numbers > 0) {
    told.push(make('span', 'some-numbers', `${counted(numbers, 'place')} with other numbers only`));
  }
  return told;
}

function sideHead(number) {
  const head = make('header', 'side-head');
  const document = side.document(number);
  head.append(
    button('link', documentName(document), () => showDocument(document, number)),
    make('span', 'place', `line ${grouped(side.line(number))}, ${counted(side.words(number), 'word')}`),
  );
  return head;
}

// The lines of both sides, broken where both have a line break after an equal word. Each is two cells, or
// one over both that stands for what is equal and not shown.
function linesOf(runs, left, right, most) {
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
  return drawLines(lines.filter((one) => one.left.length + one.right.length > 0), most);
}

const newLine = () => ({ left: [], right: [], isEqual: true, count: 0 });

// Whether a line ends after a word.
function hasBreak(words, at) {
  return words.text.slice(words.ends[at], words.starts[at + 1] ?? words.text.length).includes('\n');
}

function* drawLines(lines, most) {
  for (let at = 0; at < lines.length; ) {
    let end = at;
    let count = 0;
    while (end < lines.length && lines[end].isEqual) count += lines[end++].count;
    if (count > most) {
      yield [fold(lines.slice(at, end), count, lines.length === end - at)];
      at = end;
    } else {
      yield drawLine(lines[at]);
      at++;
    }
  }
}

// What is the same in both, until it is asked for.
function fold(lines, count, isAll) {
  const label = isAll ? `All ${grouped(count)} words are the same` : `${grouped(count)} words the same in both`;
  const open = button('fold', label, () => open.replaceWith(...lines.flatMap(drawLine)));
  return open;
}

function drawLine(line) {
  return [line.left, line.right].map((pieces) => {
    const cell = foreignBlock('p', line.isEqual ? 'cell is-equal' : 'cell');
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
