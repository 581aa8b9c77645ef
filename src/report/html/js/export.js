// What leaves the page: lists as CSV, and the command that makes the rows again.

function csvField(value) {
  const text = String(value);
  // As the scan writes it: what a spreadsheet would run is defused.
  const safe = /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const csvLines = (rows) => rows.map((row) => row.map(csvField).join(',')).join('\n') + '\n';
const decimals = (similarity) => (similarity / 10000).toFixed(4);

const rowHeader = [
  'kind', 'jaccard', 'containment', 'words_a', 'words_b', 'doc_a', 'start_a', 'end_a', 'line_a',
  'doc_b', 'start_b', 'end_b', 'line_b', 'cluster', 'passage', 'occurrences',
];

function rowsAsCsv(chosen) {
  const lines = [];
  for (const entry of chosen) {
    for (const [number, kind, jaccard, containment, a, b] of entry.rows) {
      const place = (one) => [nameOf(side.document(one)), side.start(one), side.end(one), side.line(one)];
      const group = entry.subject === 'cluster' ? [entry.number, '', ''] : entry.subject === 'passage' ? ['', entry.number, entry.count] : ['', '', ''];
      lines.push([number, [kindNames[kind], decimals(jaccard), decimals(containment), side.words(a), side.words(b), ...place(a), ...place(b), ...group]]);
    }
  }
  lines.sort((one, other) => one[0] - other[0]);
  return csvLines([rowHeader, ...lines.map((line) => line[1])]);
}

function clustersAsCsv(chosen) {
  const lines = [['document', 'cluster', 'kept', 'similarity']];
  for (const entry of chosen) {
    for (const [document, kept, similarity] of entry.members) {
      lines.push([nameOf(document), entry.number, nameOf(kept), decimals(similarity)]);
    }
  }
  return csvLines(lines);
}

function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  const link = make('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

async function copy(text, from) {
  try {
    await navigator.clipboard.writeText(text);
    from.textContent = 'Copied';
  } catch {
    // A page from disk may not be allowed to: then it is selected, to be copied by hand.
    const field = make('textarea', 'copy-by-hand', '');
    field.value = text;
    field.readOnly = true;
    from.after(field);
    field.select();
    document.execCommand('copy');
    from.textContent = 'Selected';
  }
}

// What can be done with one entry.
function exportBar(entry) {
  const bar = make('div', 'exports');
  if (entry.subject === 'cluster') {
    bar.append(button('export', 'Download the cluster', () => download(`cluster-${entry.number}.csv`, clustersAsCsv([entry]))));
  }
  bar.append(button('export', 'Download its rows', () => download(`rows-${entry.id}.csv`, rowsAsCsv([entry]))));
  const names = () => [...new Set(sidesOf(entry).map((one) => nameOf(side.document(one))))].join('\n');
  const copying = button('export', 'Copy the names', () => copy(names(), copying));
  bar.append(copying);
  return bar;
}

// What can be done with all: lists, what clean would do, and the scan once more.
function drawTools() {
  const tools = make('details', 'tools', make('summary', '', 'Export, clean, scan again'));
  const body = make('div', 'tools-body');
  const bar = make('div', 'exports');
  bar.append(button('export', 'Download the rows listed', () => download('listed.csv', rowsAsCsv(list.shown))));
  const clusters = entries.filter((entry) => entry.subject === 'cluster');
  if (clusters.length > 0) {
    bar.append(button('export', 'Download all clusters', () => download('clusters.csv', clustersAsCsv(clusters))));
  }
  body.append(bar);
  const paths = [];
  for (const argument of data.command.slice(2)) {
    if (argument.startsWith('--')) break;
    paths.push(argument);
  }
  if (paths.length > 0) {
    const reading = readingOptions(data.command);
    body.append(
      commandLine('What clean would remove, without writing anything', ['dittograph', 'clean', ...paths, ...reading, '--dry-run']),
    );
    body.append(rerun());
  } else {
    body.append(make('p', 'note', 'With the summary of the scan the command to scan again stands here.'));
  }
  tools.append(body);
  return tools;
}

// Of a scan's options those that tell how files are read: clean has the same.
function readingOptions(command) {
  const names = ['--input-format', '--text-field', '--id-field', '--html', '--exclude', '--max-document'];
  const found = [];
  command.forEach((argument, at) => {
    if (names.includes(argument)) found.push(argument, command[at + 1]);
  });
  return found;
}

function rerun() {
  const threshold = input('number', String(data.threshold ?? 0.8));
  Object.assign(threshold, { min: 0.3, max: 1, step: 0.05, name: 'threshold' });
  const line = make('div');
  const show = () => {
    const command = [...data.command];
    const at = command.indexOf('--threshold');
    if (at >= 0) command.splice(at, 2);
    line.replaceChildren(
      commandLine('', [...command, '--threshold', threshold.value, '--output', 'pairs.csv', '--report', 'report.html']),
    );
  };
  threshold.addEventListener('input', show);
  show();
  return make('div', 'rerun', make('label', '', 'Scan again with a threshold of ', threshold), line);
}

function commandLine(label, command) {
  const plain = /^[A-Za-z0-9\-_./=:,@%+]+$/u;
  const text = command.map((one) => (plain.test(one) ? one : `'${one.replaceAll("'", "'\\''")}'`)).join(' ');
  const code = make('code');
  code.append(visible(text));
  const copying = button('export', 'Copy', () => copy(text, copying));
  return make('div', 'command-line', label ? make('p', '', label) : null, code, copying);
}
