// A headless Chromium, and pages in it that report what goes wrong.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const places = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The browser, or null if there is none. */
export const executable = places.find((place) => place && existsSync(place)) ?? null;

/** A browser with a folder of its own, which is gone when it is closed. */
export async function launch(options = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'dittograph-browser-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: executable,
    headless: true,
    args: flags,
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
    ...options,
  });
  const close = async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { context, close };
}

/** Opens a file from disk; `page.problems` collects errors, warnings and requests to anywhere. */
export async function open(context, file, hash = '') {
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.problems.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(file|data|blob):/u.test(request.url())) page.problems.push(`asked for ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    page.problems.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.goto(pathToFileURL(file).href + hash);
  return page;
}
