// Debian's Chromium, and pages whose complaints are collected.

import { chromium } from 'playwright-core';

export function browser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

/**
 * Opens a page. Its `complaints` are errors on the console, exceptions and violations of the content security policy.
 *
 * @param {RegExp} expected complaints that are none, such as the browser's own line about a 401
 */
export async function open(browser, url, { expected = /^$/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  const complain = (text) => expected.test(text) || page.complaints.push(text);
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complain(`${message.text()} (${message.location().url})`));
  page.on('pageerror', (error) => complain(error.stack));
  await page.goto(url);
  return page;
}
