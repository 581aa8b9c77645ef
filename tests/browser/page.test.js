// The page of a report, driven in a browser: opened from disk, filtered, sorted, compared, followed.
//
// Usage: npm test, with DITTOGRAPH naming the program (default: the debug build).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { executable, launch, open } from './browser.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const program = resolve(root, process.env.DITTOGRAPH ?? 'target/debug/dittograph');
const work = mkdtempSync(join(tmpdir(), 'dittograph-page-'));
const file = (name) => join(work, name);
const run = (cwd, ...arguments_) => execFileSync(program, arguments_, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });

const hostile =
  '</script><script>window.broken = 1</script><img src=x onerror="window.broken = 2"><!-- \u202etxt.exe \u0000\u0007';

// Numbers that only look like chance.
function seeded(seed) {
  return (below) => (seed = (seed * 48271) % 2147483647) % below;
}

let light;

before(async () => {
  assert.ok(executable, 'no Chromium: install it, or name it in CHROMIUM');
  run(root, 'scan', 'corpus', '--quiet', '--output', file('pairs.csv'), '--report', file('sample.html'));
  run(root, 'report', file('pairs.csv'), '--quiet', '--output', file('excerpts.html'));

  mkdirSync(file('hostile'));
  const record = (id, text) => `${JSON.stringify({ id: `${hostile}${id}`, text })}\n`;
  const story = (price) => `The ferry to ${hostile} leaves at nine on market days and costs ${price} crowns for all.\n`;
  writeFileSync(
    file('hostile/<img src=x onerror=alert(1)>.jsonl'),
    [record('a', story('7').repeat(3)), record('b', story('9').repeat(3)), record('c', story('7').repeat(3))].join(''),
  );
  try {
    run(work, 'scan', 'hostile', '--quiet', '--output', 'hostile.csv', '--report', 'hostile.html', '--threshold', '0.4');
  } catch (error) {
    throw new Error(String(error.stderr), { cause: error });
  }

  const words = 'river stone market harbour lantern council winter bridge school letter garden window copper engine meadow candle'.split(' ');
  const random = seeded(1);
  const sentence = () => `The ${Array.from({ length: 12 }, () => words[random(words.length)]).join(' ')}.`;
  const tale = (sentences) => Array.from({ length: sentences }, sentence);
  const put = (name, text) => {
    mkdirSync(dirname(file(name)), { recursive: true });
    writeFileSync(file(name), text);
  };
  const scanned = (name) => run(work, 'scan', name, '--quiet', '--output', `${name}.csv`, '--report', `${name}.html`);

  // Numbers at the beginning, words further on.
  const long = tale(60).join('\n');
  put('parts/a.txt', `In week 10 the board met. ${long} They left slowly, and the doors were shut.`);
  put('parts/b.txt', `In week 11 the board met. ${long} They left at once, and the doors were shut.`);
  run(work, 'scan', 'parts', '--quiet', '--output', 'parts.csv', '--report', 'parts-whole.html');
  run(work, 'report', 'parts.csv', '--quiet', '--output', 'parts.html');

  const form = tale(20).join(' ');
  for (let number = 0; number < 60; number++) {
    put(`template/${String(number).padStart(2, '0')}.txt`, `Bulletin ${100 + number}. ${form} Signed on day ${number}.`);
  }
  scanned('template');

  // Each like the next, and not like the one after that.
  const chain = tale(60);
  for (let number = 0; number < 9; number++) {
    for (let at = 0; at < 5 && number > 0; at++) chain[number * 5 + at] = sentence();
    put(`chain/${number}.txt`, chain.join(' '));
  }
  scanned('chain');

  const repeats = tale(300);
  const book = Array.from({ length: 800 }, () => `${sentence()} ${sentence()} ${repeats[random(300)]}`);
  put('long/book.txt', book.join('\n'));
  scanned('long');

  const [judgement, notice] = [tale(40).join(' '), 'All rights are held by the harbour press and by nobody else in any country.'];
  for (let number = 0; number < 6; number++) put(`often/${number}.txt`, `${tale(80).join(' ')}\n${judgement}\n${tale(80).join(' ')}\n${notice}`);
  scanned('often');

  const told = Array.from({ length: 12 }, () => tale(12).join(' '));
  for (let source = 0; source < 14; source++) {
    for (let number = 0; number < 3; number++) put(`sources/the-${words[source]}-and-${words[15 - source]}-gazette/${number}.txt`, `${told[random(12)]} ${sentence()}`);
  }
  scanned('sources');

  // More rows than anybody reads: pairs and passages of made-up documents.
  const header = readFileSync(file('pairs.csv'), 'utf8').split('\n')[0];
  const rows = [header];
  for (let number = 0; number < 60000; number++) {
    const [a, b] = [`a/${number}.txt`, `b/${number}.txt`];
    const text = `Story ${number} of the harbour told again word by word in another paper`;
    rows.push(
      number % 3 === 0
        ? `near,0.9${number % 90 + 10},0.95,120,${100 + (number % 50)},${a},0,700,1,${b},0,690,1,${number + 1},,,${text},${text}`
        : `passage,1.0000,1.0000,12,12,${a},40,110,3,${b},90,160,4,,${number + 1},2,${text},${text}`,
    );
  }
  writeFileSync(file('many.csv'), `${rows.join('\n')}\n`);
  run(work, 'report', 'many.csv', '--quiet', '--output', 'many.html');
  light = await launch();
});

after(async () => {
  await light?.close();
  rmSync(work, { recursive: true, force: true });
});

// A page that must not have complained when the test is over.
async function on(name, act, { hash = '', browser = light } = {}) {
  const page = await open(browser.context, file(name), hash);
  await act(page);
  assert.deepEqual(page.problems, []);
  await page.close();
}

const shown = (page) => page.locator('#shown-count').textContent();
const titles = (page) => page.locator('.entry').count();

test('opens from disk and lists every finding', () =>
  on('sample.html', async (page) => {
    assert.equal(await shown(page), '37 findings');
    assert.equal(await titles(page), 37);
    assert.equal(await page.locator('svg.plot').count(), 6);
    assert.match(await page.title(), /^corpus/);
  }));

test('filters by kind, similarity, source and text, together', () =>
  on('sample.html', async (page) => {
    await page.locator('.kinds input[name=passage]').uncheck();
    assert.equal(await shown(page), '18 of 37 findings');
    await page.locator('.kinds input[name=furniture]').uncheck();
    assert.equal(await shown(page), '16 of 37 findings');
    await page.locator('input[name=least]').fill('100');
    await page.locator('input[name=least]').blur();
    const same = await titles(page);
    assert.ok(same > 0 && same < 16);
    await page.locator('select[name=source]').selectOption({ label: 'meridian-wire' });
    assert.ok((await titles(page)) < same);
    await page.locator('#search').fill('nothing of the sort');
    await page.locator('#nothing-found').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    assert.equal(await shown(page), '37 findings');
    await page.locator('#search').fill('MARSH eels');
    await page.waitForFunction(() => document.getElementById('shown-count').textContent !== '37 findings');
    for (const entry of await page.locator('.entry').all()) assert.match(await entry.textContent(), /eels/iu);
  }));

test('sorts', () =>
  on('sample.html', async (page) => {
    const first = () => page.locator('.entry').first().getAttribute('id');
    const orders = new Set([await first()]);
    for (const order of ['different', 'count', 'rows']) {
      await page.locator('select[name=sort]').selectOption(order);
      orders.add(await first());
    }
    assert.ok(orders.size >= 3, [...orders].join(' '));
    await page.locator('select[name=sort]').selectOption('rows');
    const firstRow = readFileSync(file('pairs.csv'), 'utf8').split('\n')[1];
    assert.ok(firstRow.startsWith('contained,'));
    assert.equal(await first(), 'e-r1');
  }));

test('shows two documents side by side, with what differs', () =>
  on('sample.html', async (page) => {
    await page.locator('.kinds input[name=exact]').uncheck();
    await page.locator('#search').fill('marsh eels prefer');
    await page.waitForFunction(() => document.querySelectorAll('.entry').length < 5);
    await page.locator('.title').first().click();
    const comparison = page.locator('.comparison');
    assert.match(await comparison.locator('.why').textContent(), /^Near: .* 86\.6 % .* threshold is 80\.0 %/);
    const marks = await comparison.locator('mark.differs').allTextContents();
    assert.deepEqual(marks.slice(0, 4), ['prefer', 'dark', 'shun', 'moon']);
    const fold = comparison.locator('.fold').first();
    const words = await fold.textContent();
    assert.match(words, /^160 words/);
    await fold.click();
    assert.equal(await comparison.locator('.fold', { hasText: words }).count(), 0);
    // Another member of the cluster.
    await page.locator('.members .choose[aria-pressed=false]').click();
    assert.match(await page.locator('.comparison .why').textContent(), /83\.7 %/);
    await page.locator('.other-pairs summary').click();
    await page.locator('.pairs .choose').click();
    assert.match(await page.locator('.comparison .why').textContent(), /94\.0 %/);
  }));

test('what is the same all over is folded', () =>
  on('sample.html', async (page) => {
    for (const kind of ['near', 'contained', 'passage', 'furniture']) {
      await page.locator(`.kinds input[name=${kind}]`).uncheck();
    }
    await page.locator('#search').fill('lighthouse for sale');
    await page.waitForFunction(() => document.querySelectorAll('.entry').length === 1);
    await page.locator('.title').first().click();
    assert.match(await page.locator('.fold').textContent(), /^All \d+ words are the same$/);
    assert.equal(await page.locator('.comparison mark').count(), 0);
    await page.locator('.fold').click();
    assert.ok((await page.locator('.cell').count()) >= 2);
  }));

test('says where only numbers differ', () =>
  on('hostile.html', async (page) => {
    await page.locator('.title').first().click();
    const choices = await page.locator('.choose').count();
    for (let at = 0; at < Math.max(1, choices); at++) {
      if (choices > 0) await page.locator('.choose').nth(at).click();
      const flag = page.locator('.comparison .only-numbers');
      if ((await flag.count()) === 0) continue;
      assert.match(await flag.textContent(), /^differs only in numbers, in 3 places$/);
      assert.deepEqual(await page.locator('mark.numbers').allTextContents(), ['7', '9', '7', '9', '7', '9']);
      return;
    }
    assert.fail('no pair differs only in numbers');
  }));

test('foreign text stays text', () =>
  on('hostile.html', async (page) => {
    await page.locator('.title').first().click();
    const found = await page.evaluate(() => ({
      broken: window.broken,
      images: document.images.length,
      scripts: [...document.scripts].filter((script) => script.type !== 'application/json').length,
      hidden: [...document.querySelectorAll('.hidden-character')].map((one) => one.textContent),
      raw: /[\u0000-\u0008\u202a-\u202e]/u.test(document.body.innerText),
    }));
    assert.equal(found.broken, undefined);
    assert.equal(found.images, 0);
    assert.equal(found.scripts, 1);
    assert.ok(found.hidden.includes('⟨U+202E⟩') && found.hidden.includes('␀') && found.hidden.includes('␇'));
    assert.equal(found.raw, false);
    const heading = await page.locator('.entry .where').first().innerText();
    assert.ok(heading.includes('<script>window.broken = 1</script>'), heading);
  }));

test('a script that foreign text would bring is refused', () =>
  on('sample.html', async (page) => {
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.broken = 3';
      document.body.append(script);
    });
    assert.equal(await page.evaluate(() => window.broken), undefined);
    assert.equal(page.problems.filter((problem) => problem.includes('Content Security Policy')).length, 1);
    page.problems.length = 0;
  }));

test('is driven by keys', () =>
  on('sample.html', async (page) => {
    const current = () => page.locator('.is-current').getAttribute('id');
    await page.keyboard.press('j');
    const first = await current();
    await page.keyboard.press('j');
    assert.notEqual(await current(), first);
    await page.keyboard.press('k');
    assert.equal(await current(), first);
    await page.keyboard.press('o');
    assert.equal(await page.locator('.comparison').count(), 1);
    await page.keyboard.press('o');
    assert.equal(await page.locator('.comparison').count(), 0);
    await page.keyboard.press('/');
    await page.keyboard.type('jok');
    assert.equal(await page.locator('#search').inputValue(), 'jok');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    assert.equal(await page.locator('#help').evaluate((help) => help.open), true);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('#help').evaluate((help) => help.open), false);
  }));

test('a link brings back what was chosen', () =>
  on('sample.html', async (page) => {
    await page.locator('.kinds input[name=exact]').uncheck();
    await page.locator('select[name=sort]').selectOption('different');
    await page.locator('select[name=source]').selectOption({ label: 'lantern-daily' });
    await page.locator('.title').nth(3).click();
    const [count, id] = [await shown(page), await page.locator('.is-current').getAttribute('id')];
    await page.reload();
    assert.equal(await shown(page), count);
    assert.equal(await page.locator('select[name=sort]').inputValue(), 'different');
    assert.equal(await page.locator('.comparison').count(), 1);
    assert.equal(await page.locator('.is-current').getAttribute('id'), id);
    const inView = await page.locator(`#${id}`).evaluate((entry) => {
      const { top, bottom } = entry.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    });
    assert.ok(inView);
    // The link of another finding leads there.
    const anchor = page.locator('.entry .anchor').nth(1);
    await anchor.click();
    assert.equal(await page.locator('.comparison').count(), 1);
  }));

test('what is foreign in an address does no harm', () =>
  on(
    'sample.html',
    async (page) => {
      assert.equal(await shown(page), '37 findings');
    },
    { hash: '#kind=exact near contained passage furniture x&sort=__proto__&from=-5&to=x&source=%3Cb%3E&open=c999 constructor&document=x' },
  ));

test('the map leads to the findings of a document, and back', () =>
  on('sample.html', async (page) => {
    const spans = page.locator('.strip .span');
    assert.ok((await spans.count()) > 1);
    await spans.first().click();
    assert.equal(await page.locator('.comparison').count(), 1);
    await page.locator('.comparison .side-head button').first().click();
    assert.ok(await page.locator('.marked-text mark.is-looked-for').count());
    const name = () => page.locator('#map-choice').evaluate((choice) => choice.selectedOptions[0].textContent);
    const before = await name();
    await page.locator('#map-choice').selectOption({ index: 5 });
    const chosen = await name();
    assert.notEqual(chosen, before);
    await page.reload();
    assert.equal(await name(), chosen);
  }));

test('a cell of the matrix lists what two sources share', () =>
  on('sample.html', async (page) => {
    const cell = page.locator('.shade[data-one=lantern-daily][data-other=meridian-wire]');
    await cell.click();
    assert.equal(await page.locator('select[name=source] option:checked').textContent(), 'lantern-daily');
    assert.equal(await page.locator('select[name=other] option:checked').textContent(), 'meridian-wire');
    assert.match(await shown(page), / of 37 findings$/);
  }));

test('a cluster can be taken along', () =>
  on('sample.html', async (page) => {
    await page.locator('.title').first().click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download the cluster' }).click(),
    ]);
    const lines = readFileSync(await download.path(), 'utf8').split('\n');
    assert.equal(lines[0], 'document,cluster,kept,similarity');
    const kept = 'lantern-daily/marsh-eels-prefer-the-dark.txt';
    assert.match(lines[1], new RegExp(`^${kept},\\d+,${kept},1\\.0000$`));
    assert.match(lines[2], new RegExp(`^northfield-post/marsh-eels-shun-the-moon.txt,\\d+,${kept},0\\.8661$`));
    await page.locator('.tools summary').click();
    assert.equal(await page.locator('.command-line code').first().textContent(), 'dittograph clean corpus --dry-run');
    await page.locator('input[name=threshold]').fill('0.6');
    assert.match(await page.locator('.command-line code').last().textContent(), /^dittograph scan corpus --threshold 0\.6 /);
  }));

test('many findings are drawn where they are looked at', () =>
  on('many.html', async (page) => {
    assert.equal(await shown(page), '60,000 findings');
    const drawn = () => page.locator('.entry').count();
    assert.ok((await drawn()) < 400);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.waitForFunction(() => document.querySelectorAll('.entry').length > 0);
    assert.ok((await drawn()) < 400);
    await page.locator('#search').fill('Story 59999 ');
    await page.waitForFunction(() => document.getElementById('shown-count').textContent === '1 of 60,000 findings');
    const text = await page.locator('.entry').textContent();
    assert.match(text, /Story 59999 of the harbour/);
  }));

test('excerpts alone make a page, too', () =>
  on('excerpts.html', async (page) => {
    assert.equal(await shown(page), '37 findings');
    await page.locator('.title').first().click();
    assert.match(await page.locator('.comparison .part').textContent(), /^Only a part is shown and compared: /);
  }));

test('of a part nothing is said that holds of the whole only', async () => {
  await on('parts.html', async (page) => {
    await page.locator('.title').first().click();
    const comparison = page.locator('.comparison');
    assert.deepEqual(await comparison.locator('mark.numbers').allTextContents(), ['10', '11']);
    assert.equal(await page.locator('.only-numbers').count(), 0);
    const part = await comparison.locator('.part').innerText();
    assert.equal(part, 'Only a part is shown and compared: the first words on the left, the first words on the right.');
    assert.match(await comparison.locator('.tally').innerText(), /^\d+ words the same in this part · /);
    const order = await comparison.evaluate((figure) => [...figure.children].map((child) => child.className));
    assert.ok(order.indexOf('part') >= 0 && order.indexOf('part') < order.indexOf('sides'), order.join());
  });
  // With the whole texts what differs further on is there.
  await on('parts-whole.html', async (page) => {
    await page.locator('.title').first().click();
    assert.equal(await page.locator('.only-numbers, .part').count(), 0);
    assert.deepEqual(await page.locator('mark.differs').allTextContents(), ['slowly', 'at once']);
  });
});

test('a cluster that differs in numbers only is told without being opened', () =>
  on('template.html', async (page) => {
    assert.equal(await page.locator('.where .only-numbers').innerText(), 'only numbers differ');
    assert.equal(await page.locator('.comparison').count(), 0);
  }));

test('what is compared comes into view and stands in the address', () =>
  on('template.html', async (page) => {
    const isInView = () =>
      page.locator('.comparison').evaluate((figure) => {
        const { top } = figure.getBoundingClientRect();
        return top >= 0 && top < innerHeight - 100;
      });
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    assert.ok(await isInView());
    await page.getByRole('button', { name: 'Show all 60' }).click();
    const chosen = page.locator('.choose').nth(40);
    await chosen.click();
    assert.ok(await isInView());
    assert.equal(await page.evaluate(() => document.activeElement.className), 'comparison');
    const names = () => page.locator('.side-head .document').allTextContents();
    const compared = await names();
    assert.deepEqual(compared, ['00.txt', '41.txt']);
    assert.match(await page.evaluate(() => location.hash), /pair=\d+/);
    assert.equal(await page.locator('.anchor').getAttribute('href'), await page.evaluate(() => location.hash));
    await page.getByRole('button', { name: 'back to the rows' }).click();
    assert.ok(await chosen.evaluate((button) => button === document.activeElement));
    await page.reload();
    assert.deepEqual(await names(), compared);
    assert.ok(await isInView());
  }));

test('a cluster tells how many documents are kept of it, and which stands for which', () =>
  on('chain.html', async (page) => {
    assert.ok(await page.getByText('1 cluster of 9 documents: 5 kept, 4 could go').isVisible());
    await page.locator('.kinds input[name=passage]').uncheck();
    assert.match(await page.locator('.where').first().innerText(), /^keeps 0\.txt and 4 others · 4 of 9 documents, /);
    await page.locator('.title').first().click();
    await page.locator('.more').click();
    const fates = await page.locator('.members tr').evaluateAll((rows) =>
      rows.slice(1).map((row) => `${row.cells[0].innerText} ${row.cells[2].innerText}`.replace(/[\d.]+ %/u, '%')),
    );
    assert.deepEqual(fates, [...Array(4).fill(['kept for 1 other', 'goes %']).flat(), 'kept for itself']);
  }));

test('the map shows every repeat of a long document, on a small screen too', async () => {
  const shown = (page) =>
    page.evaluate(() => {
      const boxes = [...document.querySelectorAll('.strip .span rect')].map((rect) => rect.getBoundingClientRect());
      const { width, left } = document.querySelector('.strip').getBoundingClientRect();
      return {
        facts: document.querySelector('.map-facts').textContent,
        marks: boxes.length,
        until: (Math.max(...boxes.map((box) => box.right)) - left) / width,
        lowest: Math.min(...boxes.map((box) => box.height)),
        letters: Math.min(...[...document.querySelectorAll('.strip .tick')].map((tick) => tick.getBoundingClientRect().height)),
      };
    });
  await on('long.html', async (page) => {
    const { facts, marks, until } = await shown(page);
    assert.ok(Number(/^([\d,]+) repeats/u.exec(facts)[1].replace(',', '')) > 500, facts);
    assert.ok(marks < 500 && until > 0.97, `${marks} ${until}`);
    assert.match(await page.locator('.strip title').first().textContent(), /line/);
  });
  const browser = await launch({ viewport: { width: 375, height: 740 } });
  try {
    await on('long.html', async (page) => {
      const { until, lowest, letters } = await shown(page);
      assert.ok(until > 0.97 && lowest >= 9 && letters >= 11, `${until} ${lowest} ${letters}`);
    }, { browser });
  } finally {
    await browser.close();
  }
});

test('the matrix names its columns, and is left out where there is one source', async () => {
  await on('sample.html', async (page) => {
    const matrix = page.locator('figure', { hasText: 'Which source repeats which' });
    assert.match(await matrix.locator('p').textContent(), /^Rows \(pairs of documents, and passages\) that two sources share/);
    const names = await matrix.locator('.source').evaluateAll((labels) => labels.map((label) => label.firstChild.data));
    assert.equal(names.length, 2 * new Set(names).size);
  });
  await on('template.html', async (page) => {
    assert.equal(await page.locator('figure', { hasText: 'Which source' }).count(), 0);
  });
});

test('furniture is short; a long passage is none, however often it stands somewhere', () =>
  on('often.html', async (page) => {
    const labels = await page.locator('.entry').evaluateAll((entries) =>
      entries.map((entry) => [entry.querySelector('.label').innerText, entry.querySelector('.measure').innerText].join(' ')),
    );
    assert.deepEqual(labels.sort(), ['Furniture × 6', 'Passage × 6']);
    assert.ok(await page.getByText('2 passages in').isVisible());
    assert.ok(await page.getByText('1 of them furniture').isVisible());
  }));

test('marks what was searched for', () =>
  on('sample.html', async (page) => {
    const marked = () => page.evaluate(() => [...CSS.highlights.get('hits')].map((range) => String(range).toLowerCase()));
    assert.deepEqual(await marked(), []);
    await page.locator('#search').fill('MARSH eels');
    await page.waitForFunction(() => CSS.highlights.get('hits').size > 0);
    assert.deepEqual([...new Set(await marked())].sort(), ['eels', 'marsh']);
    const before = (await marked()).length;
    await page.locator('.title').first().click();
    assert.ok((await marked()).length > before);
    // What is further on in the text is shown with the words around it.
    await page.locator('#search').fill('TRANSMITTERS rice');
    await page.waitForFunction(() => document.querySelectorAll('.entry').length === 1);
    assert.match(await page.locator('.found').innerText(), /^… .*fitted transmitters the size of a rice grain.* …$/);
    await page.locator('#search').fill('');
    await page.waitForFunction(() => CSS.highlights.get('hits').size === 0);
  }));

test('what stands around a passage begins with a word, and no title ends in a full stop and an ellipsis', () =>
  on('sample.html', async (page) => {
    const titles = await page.locator('.title').allInnerTexts();
    assert.deepEqual(titles.filter((title) => /[.,;:!?]\s*…$/u.test(title)), []);
    assert.ok(titles.some((title) => title.endsWith(' …')));
    for (const kind of ['exact', 'near', 'contained']) await page.locator(`.kinds input[name=${kind}]`).uncheck();
    for (const title of await page.locator('.title').all()) await title.click();
    const after = await page.evaluate(() => [...document.querySelectorAll('.around')].filter((one) => one.nextElementSibling?.className !== one.previousElementSibling?.className).map((one) => one.innerText));
    assert.ok(after.length > 20);
    assert.deepEqual(after.filter((text) => /^[\s.,;:!?”’)]/u.test(text)), []);
  }));

test('words are those of the scan, of scripts without spaces too', () =>
  on('sample.html', async (page) => {
    const [all, wrong] = await page.evaluate(() => {
      const whole = data.sides.filter((one) => hasText(one[0]) && one[2] <= shownBytes(one[0]));
      const count = ([document, start, end]) => wordsOf(slice(document, start, end)).keys.length;
      return [whole.length, whole.filter((one) => count(one) !== one[4]).map((one) => `${nameOf(one[0])}: ${count(one)}, not ${one[4]}`)];
    });
    assert.ok(all > 80);
    assert.deepEqual(wrong, []);
    // And so the head and the tally of a pair say the same.
    await page.locator('#search').fill('zh-xianzhi');
    await page.waitForFunction(() => document.querySelectorAll('.entry').length === 1);
    await page.locator('.title').first().click();
    const number = (text) => Number(text.replaceAll(',', ''));
    const places = await page.locator('.side-head .place').allInnerTexts();
    const [left, right] = places.map((place) => number(/, ([\d,]+) words/u.exec(place)[1]));
    const tally = await page.locator('.tally').innerText();
    const [, same, onLeft, onRight] = /^([\d,]+) words the same · ([\d,]+) only on the left · ([\d,]+) only on the right/u.exec(tally).map(number);
    assert.deepEqual([same + onLeft, same + onRight], [left, right]);
  }));

// Every text against what is behind it, by the formula of WCAG 2: 4.5 for text, 3 for large text.
function tooFaint() {
  const parse = (color) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = ([r, g, b]) => {
    const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const behind = (element) => {
    if (element instanceof SVGElement) {
      const rect = element.parentElement.querySelector(':scope > rect');
      if (rect && element.parentElement.classList.contains('shade')) return parse(getComputedStyle(rect).fill);
    }
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (color !== 'rgba(0, 0, 0, 0)') return parse(color);
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.body.querySelectorAll('*')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!hasText || !element.getClientRects().length || element.closest('script, title, desc, .anchor, .said')) continue;
    const style = getComputedStyle(element);
    const color = parse(element instanceof SVGElement ? style.fill : style.color);
    const [one, other] = [luminance(color), luminance(behind(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const isLarge = parseFloat(style.fontSize) >= 24;
    if (ratio < (isLarge ? 3 : 4.5)) faint.push(`${element.tagName}.${element.className.baseVal ?? element.className} ${ratio.toFixed(2)}: ${element.textContent.slice(0, 30)}`);
  }
  return faint;
}

for (const colorScheme of ['light', 'dark']) {
  test(`contrast is enough, ${colorScheme}`, async () => {
    const browser = await launch({ colorScheme });
    try {
      for (const name of ['sample.html', 'hostile.html']) {
        await on(
          name,
          async (page) => {
            for (const at of [0, 2]) if ((await titles(page)) > at) await page.locator('.title').nth(at).click();
            await page.locator('.tools summary').click();
            assert.deepEqual(await page.evaluate(tooFaint), []);
          },
          { browser },
        );
      }
    } finally {
      await browser.close();
    }
  });
}

test('fits a small screen', async () => {
  for (const width of [320, 375]) {
    const browser = await launch({ viewport: { width, height: 740 } });
    try {
      for (const name of ['sample.html', 'hostile.html', 'chain.html', 'sources.html']) {
        await on(
          name,
          async (page) => {
            await page.locator('.title').first().click();
            assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, `${name} ${width}`);
          },
          { browser },
        );
      }
    } finally {
      await browser.close();
    }
  }
});

test('a small screen has two texts below one another, and all of its width', async () => {
  const browser = await launch({ viewport: { width: 375, height: 740 } });
  try {
    await on('parts-whole.html', async (page) => {
      await page.locator('.title').first().click();
      const box = (locator) => locator.evaluate((element) => element.getBoundingClientRect().toJSON());
      const line = page.locator('.cell.on-left:has(mark.differs)').first();
      const [left, right] = [await box(line), await box(line.locator('xpath=following-sibling::*[1]'))];
      assert.ok(right.top >= left.bottom && left.width > 250 && right.x === left.x, JSON.stringify([left, right]));
      assert.equal(await page.locator('.on-right.is-equal').first().isVisible(), false);
      assert.match(await page.locator('.tally').innerText(), / only in the first · .* only in the second/);
      const [entry, body] = [await box(page.locator('.entry').first()), await box(page.locator('.body').first())];
      assert.equal(body.width, entry.width);
      const bar = await page.locator('.is-current').evaluate((entry) => parseFloat(getComputedStyle(entry, '::before').height));
      assert.ok(bar > body.height, `${bar} ${body.height}`);
    }, { browser });
    await on('sample.html', async (page) => {
      const cut = await page.locator('.quote').evaluateAll((quotes) => quotes.filter((quote) => quote.scrollHeight > quote.clientHeight + 1).map((quote) => quote.innerText));
      assert.deepEqual(cut, []);
    }, { browser });
  } finally {
    await browser.close();
  }
});

test('without scripts the summary and the plots are there', async () => {
  const browser = await launch({ javaScriptEnabled: false });
  try {
    await on(
      'sample.html',
      async (page) => {
        assert.ok(await page.getByText('68 documents in 68 files').isVisible());
        assert.equal(await page.locator('svg.plot').count(), 6);
        assert.ok(await page.getByText('no script has run').isVisible());
        assert.equal(await page.locator('.findings').isVisible(), false);
      },
      { browser },
    );
  } finally {
    await browser.close();
  }
});

test('prints without what is only for a screen', () =>
  on('sample.html', async (page) => {
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.filters').isVisible(), false);
    assert.equal(await page.locator('svg.plot').first().isVisible(), true);
    assert.ok((await page.pdf()).length > 10000);
  }));

test('what is compared comes out whole', () =>
  on('sample.html', async (page) => {
    const wrong = await page.evaluate(() => {
      let seed = 1;
      const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
      for (let round = 0; round < 3000; round++) {
        const alphabet = 1 + random(12);
        const a = Array.from({ length: random(60) }, () => `w${random(alphabet)}`);
        const b = random(3) ? a.flatMap((word) => [[word], [], [`w${random(alphabet)}`], [word, 'x'], [word], [word]][random(6)]) : Array.from({ length: random(60) }, () => `w${random(alphabet)}`);
        let [atA, atB, same] = [0, 0, 0];
        for (const [isEqual, startA, endA, startB, endB] of compare(a, b)) {
          if (startA !== atA || startB !== atB) return `gap: ${JSON.stringify([a, b])}`;
          [atA, atB] = [endA, endB];
          if (!isEqual) continue;
          same += endA - startA;
          if (a.slice(startA, endA).join() !== b.slice(startB, endB).join()) return `unequal: ${JSON.stringify([a, b])}`;
        }
        if (atA !== a.length || atB !== b.length) return `short: ${JSON.stringify([a, b])}`;
        // The longest common subsequence, by the book.
        let row = new Array(b.length + 1).fill(0);
        for (const word of a) {
          const next = [0];
          b.forEach((other, at) => next.push(word === other ? row[at] + 1 : Math.max(row[at + 1], next[at])));
          row = next;
        }
        if (same !== row[b.length]) return `${same} of ${row[b.length]}: ${JSON.stringify([a, b])}`;
      }
      // Too different for the shortest edit: tied together where words stand once.
      const long = (from) => Array.from({ length: 4000 }, (_, at) => (at % 5 ? `${from}${at}` : `both${at}`)).concat('a', 'b', 'c', from);
      const runs = compare(long('x'), long('y'));
      return runs.some((run) => run[0]) ? null : 'nothing in common';
    });
    assert.equal(wrong, null);
  }));
