// Screenshots of fixed states, to look at:  node shots.js FOLDER

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { browser, open } from './lib/browser.js';
import { SCENES } from './lib/scenes.js';
import { Stub } from './lib/stub.js';
import { shows } from './lib/until.js';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node shots.js FOLDER');
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const chromium = await browser();
const stub = await Stub.start();

async function shot(name, scene, { view = 'pools', before = async () => {}, fullPage = false, ...options } = {}) {
  stub.answers = SCENES[scene]();
  const page = await open(chromium, `${stub.url}/#${view}`, options);
  await shows(page.locator('#connection'), 'live');
  await page.locator(`#view-${view}`).waitFor();
  await before(page);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
  page.complaints.forEach((complaint) => console.error(`${name}: ${complaint}`));
  await page.context().close();
}

const DARK = { colorScheme: 'dark' };
const PHONE = { viewport: { width: 360, height: 1500 } };
const unfold = (page) => page.locator('.toggle').first().click();
const incident = async (page) => {
  await page.locator('summary').first().click();
  await page.locator('summary').nth(1).click();
};

for (const scene of ['healthy', 'open', 'half-open', 'all-open', 'draining', 'mixed', 'many', 'huge']) {
  await shot(`${scene}-light`, scene);
  await shot(`${scene}-dark`, scene, DARK);
}
await shot('details-light', 'mixed', { before: unfold, fullPage: true });
await shot('details-dark', 'mixed', { before: unfold, fullPage: true, ...DARK });
await shot('explain-light', 'mixed', { view: 'explain', before: (page) => page.locator('.candidates').waitFor() });
await shot('explain-dark', 'mixed', { view: 'explain', before: (page) => page.locator('.candidates').waitFor(), ...DARK });
await shot('incidents-light', 'mixed', { view: 'incidents', before: incident, fullPage: true });
await shot('incidents-dark', 'mixed', { view: 'incidents', before: incident, fullPage: true, ...DARK });
await shot('phone-light', 'mixed', PHONE);
await shot('phone-dark', 'mixed', { ...PHONE, ...DARK });
await shot('phone-explain', 'mixed', { view: 'explain', before: (page) => page.locator('.candidates').waitFor(), ...PHONE });
await shot('phone-incidents', 'mixed', { view: 'incidents', before: incident, ...PHONE });
await shot('confirm', 'open', { before: (page) => page.locator('button:text("Trip")').first().click() });
await shot('tablet', 'mixed', { viewport: { width: 800, height: 1000 } });
await chromium.close();
await stub.close();
