// Debian's Chromium, and pages whose complaints are collected.

import { chromium } from 'playwright-core';

export function browser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

/** Chromium drops what it is loading when an interface of the machine comes or goes, as containers make them do. */
const NETWORK_CHANGED = /ERR_NETWORK_CHANGED/;
const LOADS = 5;

/**
 * Opens a page. Its `complaints` are errors on the console, exceptions and violations of the content security policy.
 *
 * @param {RegExp} expected complaints that are none, such as the browser's own line about a 401
 */
export async function open(browser, url, { expected = /^$/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.disturbed = false;
  const complain = (text) => {
    if (NETWORK_CHANGED.test(text)) {
      page.disturbed = true;
    } else if (!expected.test(text)) {
      page.complaints.push(text);
    }
  };
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complain(`${message.text()} (${message.location().url})`));
  page.on('pageerror', (error) => complain(error.stack));
  await load(page, () => page.goto(url));
  return page;
}

/** Loads the page again. */
export function reload(page) {
  return load(page, () => page.reload());
}

/** Loads once more what the network's change has cut off, and nothing else. */
async function load(page, go) {
  for (let i = 0; i < LOADS; i++) {
    page.disturbed = false;
    try {
      await go();
    } catch (error) {
      if (!NETWORK_CHANGED.test(error.message)) {
        throw error;
      }
      page.disturbed = true;
    }
    // The button's text is the script's work, and scripts run before the page is loaded.
    const runs = await page.evaluate(() => Boolean(document.querySelector('#theme')?.textContent));
    if (runs || !page.disturbed) {
      return;
    }
  }
}
