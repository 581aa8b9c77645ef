// What two texts have in common, word by word.
//
// In: two texts. Out: stretches that both have, or only one has. Words are compared as the scan does, without
// case and form. Common ends are taken away first; what stands once on either side ties the rest together,
// and between the ties Myers' algorithm finds the shortest edit, up to a number of steps.

// Scripts without spaces, of which each character is a word: those of the scan, in src/text/fold.rs.
const unspaced =
  '\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u2e80-\\u2fdf\\u3005-\\u3007\\u3021-\\u3029\\u3031-\\u303c\\u3040-\\u30ff' +
  '\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua9e0-\\ua9ff\\uaa60-\\uaa7f\\uf900-\\ufaff\\uff66-\\uff9f\\u{1b000}-\\u{1b16f}\\u{20000}-\\u{3ffff}';
const spaced = `(?:(?![${unspaced}])[\\p{L}\\p{N}\\p{M}_\\u00ad\\u200c\\u200d])+`;
// What joins letters, and what joins digits, as in UAX #29.
const joined = "(?:(?<=[\\p{L}\\p{M}_])[.'‘’:·．：](?=\\p{L})|(?<=\\p{N})[.,;'‘’．，；](?=\\p{N}))";
const wordPattern = new RegExp(
  `(?=[\\p{L}\\p{N}])[${unspaced}]\\p{M}*|(?=_*[\\p{L}\\p{N}\\p{M}])${spaced}(?:${joined}${spaced})*`,
  'gu',
);
const mostWords = 200000;
const mostSteps = 600;

// The words of a text: what is compared, and where each starts and ends.
function wordsOf(text) {
  const words = { text, keys: [], starts: [], ends: [], cut: false };
  for (const found of text.matchAll(wordPattern)) {
    if (words.keys.length === mostWords) {
      words.cut = true;
      break;
    }
    words.keys.push(found[0].normalize('NFKC').toLowerCase());
    words.starts.push(found.index);
    words.ends.push(found.index + found[0].length);
  }
  return words;
}

// Runs of [isEqual, startA, endA, startB, endB], in words.
function compare(a, b) {
  const runs = [];
  const push = (isEqual, startA, endA, startB, endB) => {
    if (startA === endA && startB === endB) return;
    const last = runs[runs.length - 1];
    if (last && last[0] === isEqual && last[2] === startA && last[4] === startB) {
      last[2] = endA;
      last[4] = endB;
    } else {
      runs.push([isEqual, startA, endA, startB, endB]);
    }
  };
  const work = [[0, a.length, 0, b.length]];
  while (work.length > 0) {
    let [startA, endA, startB, endB, known] = work.pop();
    if (known) {
      push(true, startA, endA, startB, endB);
      continue;
    }
    let front = 0;
    while (startA + front < endA && startB + front < endB && a[startA + front] === b[startB + front]) front++;
    push(true, startA, startA + front, startB, startB + front);
    startA += front;
    startB += front;
    let back = 0;
    while (endA - back > startA && endB - back > startB && a[endA - back - 1] === b[endB - back - 1]) back++;
    if (back > 0) work.push([endA - back, endA, endB - back, endB, true]);
    endA -= back;
    endB -= back;
    if (startA === endA || startB === endB) {
      push(false, startA, endA, startB, endB);
      continue;
    }
    const steps = shortestEdit(a, b, startA, endA, startB, endB);
    if (steps) {
      for (const step of steps) push(...step);
      continue;
    }
    const ties = uniqueTies(a, b, startA, endA, startB, endB);
    if (ties.length === 0) {
      push(false, startA, endA, startB, endB);
      continue;
    }
    // The last first, for the work is taken from the end.
    let [toA, toB] = [endA, endB];
    for (const [atA, atB] of ties.reverse()) {
      work.push([atA + 1, toA, atB + 1, toB], [atA, atA + 1, atB, atB + 1, true]);
      [toA, toB] = [atA, atB];
    }
    work.push([startA, toA, startB, toB]);
  }
  return runs;
}

// Myers' greedy algorithm; nothing if more than so many words differ.
function shortestEdit(a, b, startA, endA, startB, endB) {
  const [n, m] = [endA - startA, endB - startB];
  const most = Math.min(n + m, mostSteps);
  const offset = most + 1;
  let reach = new Int32Array(2 * most + 3);
  const trace = [];
  for (let d = 0; d <= most; d++) {
    trace.push(reach.slice(offset - d - 1, offset + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[offset + k - 1] < reach[offset + k + 1]);
      let x = down ? reach[offset + k + 1] : reach[offset + k - 1] + 1;
      let y = x - k;
      while (x < n && y < m && a[startA + x] === b[startB + y]) {
        x++;
        y++;
      }
      reach[offset + k] = x;
      if (x >= n && y >= m) return steps(trace, d, n, m, startA, startB);
    }
  }
  return null;
}

// The way back through what was reached.
function steps(trace, last, n, m, startA, startB) {
  const found = [];
  let [x, y] = [n, m];
  for (let d = last; d > 0; d--) {
    const reach = trace[d];
    const at = (k) => reach[k + d + 1];
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const beforeK = down ? k + 1 : k - 1;
    const beforeX = at(beforeK);
    const beforeY = beforeX - beforeK;
    const [turnX, turnY] = down ? [beforeX, beforeY + 1] : [beforeX + 1, beforeY];
    if (x > turnX) found.push([true, startA + turnX, startA + x, startB + turnY, startB + y]);
    found.push([false, startA + beforeX, startA + turnX, startB + beforeY, startB + turnY]);
    [x, y] = [beforeX, beforeY];
  }
  if (x > 0) found.push([true, startA, startA + x, startB, startB + y]);
  return found.reverse();
}

// Pairs of places whose three words stand once on either side, as many as are in one order.
function uniqueTies(a, b, startA, endA, startB, endB) {
  const once = (words, start, end) => {
    const places = new Map();
    for (let at = start; at < end; at++) {
      const key = `${words[at]} ${words[at + 1] ?? ''} ${words[at + 2] ?? ''}`;
      places.set(key, places.has(key) ? -1 : at);
    }
    return places;
  };
  const inB = once(b, startB, endB);
  const pairs = [];
  for (const [key, atA] of once(a, startA, endA)) {
    const atB = inB.get(key);
    if (atA >= 0 && atB >= 0) pairs.push([atA, atB]);
  }
  return longestAscending(pairs);
}

function longestAscending(pairs) {
  const ends = [];
  const before = new Int32Array(pairs.length);
  pairs.forEach(([, place], number) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[ends[middle]][1] < place) low = middle + 1;
      else high = middle;
    }
    before[number] = low > 0 ? ends[low - 1] : -1;
    ends[low] = number;
  });
  const chosen = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at]) chosen.push(pairs[at]);
  return chosen.reverse();
}

// Whether two runs of words differ, and in numbers only.
function onlyNumbers(one, other) {
  const without = (words) => words.map((word) => word.replace(/\p{N}+(?:[.,'’:]\p{N}+)*/gu, '0'));
  const [left, right] = [without(one), without(other)];
  return left.length === right.length && left.every((word, place) => word === right[place]);
}
