// The dashboard before the real balancer.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Balancer, Replica } from '../lib/balancer.js';
import { browser, open, reload } from '../lib/browser.js';
import { shows, until } from '../lib/until.js';

const PARTS = ['explain?pool=default', 'incidents', 'events', 'traffic'];
/** Names of pools and backends cannot hold this, those of routes can. */
const STRANGE = '<img src=x onerror=alert(1)>';

let chromium;
let balancer;
let replicas;
let patient;
let page;

before(async () => {
  chromium = await browser();
  replicas = await Promise.all([Replica.start(), Replica.start(), Replica.start()]);
  patient = await Replica.start();
  const urls = replicas.map(({ id }) => `"http://${id}"`).join(', ');
  balancer = await Balancer.start(`
    routes = [
      { path = "/patient", pool = patient }
      { name = "${STRANGE}", prefix = "/strange", pool = strange }
      { prefix = "/", pool = default }
    ]
    pools {
      default { backends = [${urls}], breaker { consecutive-failures = 2, cooldown = 5s } }
      patient { backends = ["http://${patient.id}"], breaker { consecutive-failures = 2, cooldown = 1h } }
      strange { backends = ["http://${patient.id}"], breaker.scope = backend-and-route }
    }`);
});

after(async () => {
  await chromium?.close();
  await balancer?.close();
  await Promise.all([...(replicas ?? []), patient].map((replica) => replica?.close()));
});

afterEach(async () => {
  await page?.context().close();
});

async function opened(options) {
  page = await open(chromium, balancer.admin, options);
  await shows(page.locator('#connection'), /^(live|polling)$/);
  return page;
}

const row = (pool, id) => page.locator(`article[aria-label="Pool ${pool}"] [data-backend="${id}"]`);
const circuit = (pool, id) => row(pool, id).locator('.circuit .badge');

test('the balancer has the parts that it should have', async () => {
  for (const part of PARTS) {
    assert.ok(await balancer.has(part), part);
  }
});

test('before its eyes a circuit opens, counts down, half-opens and closes', async () => {
  await opened();
  const { id } = replicas[0];
  await shows(page.locator('h1'), 'All 5 backends serve');
  await page.evaluate(() => {
    window.seconds = [];
    new MutationObserver(() => {
      const left = document.querySelector('#headline .countdown')?.textContent.match(/ in (\d+) s/);
      if (left && window.seconds.at(-1) !== Number(left[1])) {
        window.seconds.push(Number(left[1]));
      }
    }).observe(document.querySelector('#headline'), { subtree: true, childList: true, characterData: true });
  });

  replicas[0].broken = true;
  await until('its circuit opens', async () => {
    await balancer.request('/');
    return (await balancer.backend('default', id)).breaker.state === 'open';
  });
  await shows(page.locator('h1'), '1 of 5 backends is out');
  await shows(page.locator('#headline li'), `${id} in default — circuit open, 2 failures in a row, tries again`);
  await shows(circuit('default', id), 'open');
  assert.match(await page.title(), /1 of 5 backends is out/);
  assert.equal(await page.locator(`article[aria-label="Pool default"] tbody`).first().getAttribute('data-backend'), id, 'problems first');

  // Without a request it stays half-open.
  await shows(circuit('default', id), 'half-open');
  await shows(page.locator('h1'), '1 of 5 backends is on trial');
  const seconds = await page.evaluate(() => window.seconds);
  assert.ok(seconds.length >= 2, `counted down: ${seconds}`);
  assert.deepEqual(seconds, [...seconds].sort((a, b) => b - a), 'never upwards');
  assert.ok(seconds[0] <= 5, `not more than the cooldown: ${seconds}`);

  replicas[0].broken = false;
  await until('its circuit closes', async () => {
    await balancer.request('/');
    return (await balancer.backend('default', id)).breaker.state === 'closed';
  });
  await shows(circuit('default', id), 'closed');
  await shows(page.locator('h1'), 'All 5 backends serve');
  assert.deepEqual(page.complaints, []);
});

test('the buttons do what they say, and what takes a backend out at once is asked first', async () => {
  await opened();
  const { id } = replicas[1];
  const button = (name) => page.getByRole('button', { name: `${name} ${id}`, exact: true });
  const state = async () => (await balancer.backend('default', id)).adminState;

  await button('Drain').click();
  await shows(row('default', id), 'draining');
  assert.equal(await state(), 'draining');
  assert.equal(await button('Drain').count(), 0);

  await button('Disable').click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await state(), 'draining');
  await button('Disable').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await shows(row('default', id).locator('.health'), 'disabled');
  await button('Enable').click();
  await page.getByRole('button', { name: `Drain ${id}`, exact: true }).waitFor();
  assert.equal(await state(), 'enabled');

  await button('Trip').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Trip' }).click();
  await shows(circuit('default', id), 'tripped');
  await shows(page.locator('#headline li'), 'tripped by hand, until it is reset');
  assert.equal((await balancer.backend('default', id)).breaker.state, 'open');
  await button('Reset').click();
  await shows(circuit('default', id), 'closed');
  assert.deepEqual(page.complaints, []);
});

test('the keyboard alone reaches everything, in order, and the focus is seen', async () => {
  await opened();
  const { id } = replicas[2];
  const seen = [];
  for (let i = 0; i < 60 && seen.at(-1) !== `Trip ${id}`; i++) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { name: element.getAttribute('aria-label') ?? element.textContent, tag: element.localName, outline: `${outlineStyle} ${outlineWidth}` };
    });
    assert.ok(['a', 'button', 'input', 'select', 'summary'].includes(focus.tag), focus.tag);
    assert.equal(focus.outline, 'solid 2px', focus.name);
    seen.push(focus.name);
  }
  const order = ['Skip to the content', 'Pools', 'Incidents', 'Pause', 'Theme: system', replicas[0].id, `Drain ${replicas[0].id}`, replicas[1].id, id, `Drain ${id}`, `Disable ${id}`, `Trip ${id}`];
  assert.deepEqual(seen.filter((name) => order.includes(name)), order);

  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await until('the focus is back', () => page.evaluate((name) => document.activeElement.getAttribute('aria-label') === name, `Trip ${id}`));
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Space');
  await shows(row('default', id), 'drained');
  await page.getByRole('button', { name: `Enable ${id}`, exact: true }).focus();
  await page.keyboard.press('Enter');
  await until('it is enabled', async () => (await balancer.backend('default', id)).adminState === 'enabled');

  await page.getByRole('button', { name: id, exact: true }).focus();
  await page.keyboard.press('Enter');
  await shows(row('default', id).locator('.details'), `http://${id}`);
  assert.deepEqual(page.complaints, []);
});

test('names are text, whatever they contain', async () => {
  await opened();
  page.on('dialog', () => page.complaints.push('a script ran'));
  await row('strange', patient.id).locator('.toggle').click();
  await shows(page.locator('.details h3'), `Circuit for route ${STRANGE}`);
  assert.equal(await page.locator('main img').count(), 0);
  await page.getByRole('link', { name: 'Explain' }).click();
  await page.getByLabel('Path').fill('/strange/x');
  await page.keyboard.press('Enter');
  await shows(page.locator('.verdict'), STRANGE);
  assert.equal(await page.locator('main img').count(), 0);
  assert.deepEqual(page.complaints, []);
});

test('an open circuit is explained, and an incident', async () => {
  await opened();
  patient.broken = true;
  await until('its circuit opens', async () => {
    await balancer.request('/patient');
    return (await balancer.backend('patient', patient.id)).breaker.state === 'open';
  });
  await shows(page.locator('h1'), 'Pool patient is down');
  await page.getByRole('link', { name: 'Explain' }).click();
  await page.getByLabel('Path').fill('/patient');
  await page.keyboard.press('Enter');
  await shows(page.locator('.verdict'), 'no backend can take it now');
  const candidate = page.locator(`.candidates [data-backend="${patient.id}"]`);
  await shows(candidate, 'circuit open');
  assert.match(await candidate.locator('.reason').textContent(), /^[A-Z0-9].{10,}/);
  await page.getByRole('link', { name: 'Incidents' }).click();
  await shows(page.locator('.latest .changes li'), `patient/${patient.id} closed → open, consecutive failures: 2 in a row`);
  const incident = page.locator('.incidents > li').filter({ hasText: `patient/${patient.id}` });
  await shows(incident, 'going on');
  await incident.locator('summary').click();
  await shows(incident, 'The last 2 outcomes before it');
  await shows(incident, '2 failure status');
  assert.equal(await incident.locator('.strip .failure').count(), 2);
  patient.broken = false;
  await page.getByRole('link', { name: 'Pools', exact: true }).click();
  await page.getByRole('button', { name: `Reset ${patient.id}` }).first().click();
  await shows(circuit('patient', patient.id), 'closed');
  await page.getByRole('link', { name: 'Incidents' }).click();
  await shows(page.locator('.incidents > li').filter({ hasText: `patient/${patient.id}` }), 'over');
  assert.deepEqual(page.complaints, []);
});

test('a phone of 360 px scrolls only downwards', async () => {
  await opened({ viewport: { width: 360, height: 740 } });
  for (const view of ['pools', 'explain', 'incidents']) {
    await page.evaluate((hash) => { location.hash = hash; }, view);
    await page.locator('main > section:not([hidden])').waitFor();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360), view);
  }
  assert.deepEqual(page.complaints, []);
});

test('a port that others reach asks for the token, and the page keeps it until the tab is closed', async () => {
  const guarded = await Balancer.start(`
    admin { host = "0.0.0.0", token = "s3cret" }
    routes = [{ prefix = "/", pool = default }]
    pools.default.backends = ["http://${replicas[0].id}"]`);
  try {
    const url = guarded.admin.replace('0.0.0.0', 'localhost');
    page = await open(chromium, url, { expected: /status of 40[14] / });
    const dialog = page.getByRole('dialog');
    await shows(dialog, 'The balancer asks for it');
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await shows(dialog, 'The token was refused');
    await page.keyboard.type('s3cret');
    await page.keyboard.press('Enter');
    await shows(page.locator('h1'), 'The backend serves');
    assert.deepEqual(await page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie]), [1, 0, '']);

    await page.getByRole('button', { name: 'Drain' }).click();
    await shows(page.locator('h1'), 'Pool default is down');
    await reload(page);
    await shows(page.locator('h1'), 'Pool default is down');
    await page.getByRole('button', { name: 'Forget token' }).click();
    await shows(dialog, 'The balancer asks for it');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await shows(page.locator('h1'), 'only who has the token');
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    assert.deepEqual(page.complaints, []);
  } finally {
    await guarded.close();
  }
});
