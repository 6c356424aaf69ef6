// The dashboard before a stand-in that tells it whatever a test wants.

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { browser, open, reload } from '../lib/browser.js';
import { lowContrasts } from '../lib/contrast.js';
import { OPEN, SCENES, answers, backend, incidents, pool } from '../lib/scenes.js';
import { Stub } from '../lib/stub.js';
import { shows, until } from '../lib/until.js';

const MARKUP = `<img src=x onerror="alert(1)">`;

let chromium;
let stub;
let page;

before(async () => {
  chromium = await browser();
});

after(async () => {
  await chromium?.close();
});

beforeEach(async () => {
  stub = await Stub.start();
});

afterEach(async () => {
  await page?.context().close();
  await stub.close();
});

/** Opens the page on answers. */
async function opened(given, { hash = '', ...options } = {}) {
  stub.answers = given;
  page = await open(chromium, `${stub.url}/${hash}`, options);
  return page;
}

const connection = (state) => shows(page.locator('#connection'), state);

test('markup in any name is text', async () => {
  const strange = backend(MARKUP, { ...OPEN(), url: `http://${MARKUP}` });
  strange.routes = [{ route: MARKUP, breaker: { ...strange.breaker, reason: MARKUP } }];
  strange.transitions = [{ ...strange.transitions[1], route: MARKUP, figures: MARKUP }];
  const pools = [pool(MARKUP, [strange], MARKUP)];
  const told = incidents(MARKUP, MARKUP, MARKUP).map((each) => ({ ...each, route: MARKUP, reason: MARKUP, figures: MARKUP, decision: MARKUP, end: MARKUP, outcomes: [{ at: each.startedAt, outcome: MARKUP, latencyMillis: 1 }] }));
  await opened({ ...answers(pools, told), explain: { pool: MARKUP, route: MARKUP, candidates: [{ id: MARKUP, eligible: false, code: MARKUP, reason: MARKUP, since: null, until: null }] } });
  page.on('dialog', (dialog) => page.complaints.push('a script ran') && dialog.dismiss());
  const noElements = async () => assert.equal(await page.locator('main img, #headline img').count(), 0);

  await shows(page.locator('h2'), MARKUP);
  await shows(page.locator('#headline b'), MARKUP);
  await page.locator('.toggle').click();
  await shows(page.locator('.details'), MARKUP);
  await noElements();
  await page.getByRole('button', { name: `Trip ${MARKUP}` }).click();
  await shows(page.getByRole('dialog'), MARKUP);
  await page.getByRole('dialog').getByRole('button', { name: 'Trip' }).click();
  await until('it is tripped', () => stub.actions.includes(`${MARKUP}/${MARKUP}/trip`));
  await page.getByRole('link', { name: 'Explain' }).click();
  await shows(page.locator('.candidates .reason'), MARKUP);
  await noElements();
  await page.getByRole('link', { name: 'Incidents' }).click();
  await page.locator('summary').first().click();
  await shows(page.locator('.incident-body'), MARKUP);
  await noElements();
  assert.deepEqual(page.complaints, []);
});

test('of 200 backends those with a problem stand first, and the others are found', async () => {
  await opened(SCENES.many());
  const names = page.locator('tbody .name');
  await shows(page.locator('h1'), '1 of 200 backends is out');
  assert.equal(await names.count(), 200);
  assert.deepEqual((await names.allTextContents()).slice(0, 4), ['10.0.0.78:8080', '10.0.1.31:8080', '10.0.1.51:8080', '10.0.0.1:8080']);

  await page.getByLabel('Only backends that are').selectOption('problems');
  await until('3 rows', async () => (await names.count()) === 3);
  await shows(page.locator('.filters'), '3 of 200 backends');
  await page.getByLabel('Only backends that are').selectOption('all');
  await page.getByLabel('Only backends whose name contains').fill('10.0.1.42');
  await until('1 row', async () => (await names.count()) === 1);
  assert.equal(await names.textContent(), '10.0.1.42:8080');
  assert.deepEqual(page.complaints, []);
});

test('of 10,000 backends it shows the worst, and says so', async () => {
  await opened(SCENES.huge());
  await shows(page.locator('.filters'), 'The 200 worst of 10,000 backends');
  await shows(page.locator('.hint'), '9,800 more are not shown');
  assert.equal(await page.locator('tbody').count(), 200);
  assert.equal(await page.locator('tbody .name').first().textContent(), 'b-9999');
  await page.getByLabel('Only backends whose name contains').fill('b-7777');
  await until('1 row', async () => (await page.locator('tbody').count()) === 1);
  assert.deepEqual(page.complaints, []);
});

test('where parts of the API are missing, parts of the page are, and it polls', async () => {
  const { pools } = SCENES.open();
  await opened({ pools }, { expected: /status of 404 / });
  await connection('polling');
  await shows(page.locator('h1'), '1 of 3 backends is out');
  assert.equal(await page.locator('.chart').count(), 0);
  assert.ok(await page.getByRole('columnheader', { name: 'p99' }).isHidden());
  assert.ok(await page.getByRole('link', { name: 'Explain' }).isHidden());
  assert.ok(await page.getByRole('link', { name: 'Metrics' }).isHidden());
  await page.getByRole('link', { name: 'Incidents' }).click();
  await shows(page.locator('.latest'), 'closed → open');
  assert.ok(await page.locator('.incidents').isHidden());

  stub.answers = { pools: { pools: [pool('default', [backend('late')])] } };
  await shows(page.locator('h1'), 'The backend serves');
  assert.deepEqual(page.complaints, []);
});

test('events come at once, and a reading is due only then', async () => {
  await opened(SCENES.healthy());
  await connection('live');
  await shows(page.locator('h1'), 'All 3 backends serve');
  const { pools } = SCENES.open();
  stub.answers = { ...stub.answers, pools };
  stub.event('transition', { at: new Date().toISOString(), pool: 'default', backend: '127.0.0.1:4001', route: null, from: 'closed', to: 'open', reason: 'consecutive_failures', figures: '3 in a row', generation: 5, cooldownSeconds: 2.5 });
  await shows(page.locator('#headline .countdown'), /tries again in [123] s/);

  await page.getByRole('link', { name: 'Incidents' }).click();
  const [going, over] = incidents('default', 'a', 'b');
  stub.event('incident', going);
  await shows(page.locator('.incidents > li'), 'going on');
  stub.event('incident', { ...over, id: going.id });
  await shows(page.locator('.incidents > li'), 'over');
  assert.equal(await page.locator('.incidents > li').count(), 1);
  assert.deepEqual(page.complaints, []);
});

test('a balancer that is gone is said to be, and found again', async () => {
  await opened(SCENES.healthy(), { expected: /ERR_/ });
  await connection('live');
  const { port, answers: given } = stub;
  await stub.close();
  await connection(/^disconnected since \d/);
  assert.ok(await page.locator('body.stale').count());
  await shows(page.locator('h1'), 'All 3 backends serve');

  stub = await Stub.start(port);
  stub.answers = given;
  await connection('live');
  assert.equal(await page.locator('body.stale').count(), 0);
  assert.deepEqual(page.complaints, []);
});

test('what is paused stays as it is until it goes on', async () => {
  await opened(SCENES.healthy());
  await connection('live');
  await page.getByRole('button', { name: 'Pause' }).click();
  await connection(/^paused/);
  stub.answers = SCENES.open();
  await page.getByRole('button', { name: 'Go on' }).click();
  await connection('live');
  await shows(page.locator('h1'), '1 of 3 backends is out');
  assert.deepEqual(page.complaints, []);
});

test('a write that wants the token asks for it, and sends it again', async () => {
  stub.action = ({ headers }) => (headers.authorization === 'Bearer s3cret' ? { status: 200, body: {} } : { status: 401, body: { error: 'token required' } });
  await opened(SCENES.healthy(), { expected: /status of 401 / });
  await page.getByRole('button', { name: 'Drain 127.0.0.1:4002' }).click();
  await shows(page.getByRole('dialog'), 'The balancer asks for it');
  await page.keyboard.type('wrong');
  await page.keyboard.press('Enter');
  await shows(page.getByRole('dialog'), 'The token was refused');
  assert.deepEqual(stub.actions, []);
  await page.keyboard.type('s3cret');
  await page.keyboard.press('Enter');
  await until('it is drained', () => stub.actions.includes('default/127.0.0.1:4002/drain'));
  await page.getByRole('button', { name: 'Forget token' }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test('where nobody may write there are no buttons, and the reason', async () => {
  stub.action = () => ({ status: 403, body: { error: 'writes need lb.admin.token' } });
  await opened(SCENES.healthy(), { expected: /status of 403 / });
  await page.getByRole('button', { name: 'Drain 127.0.0.1:4002' }).click();
  await shows(page.locator('main .notice'), 'Nothing can be changed here: writes need lb.admin.token.');
  assert.equal(await page.getByRole('button', { name: /^Drain/ }).count(), 0);
  assert.deepEqual(page.complaints, []);
});

test('a request is explained as it was described', async () => {
  const asked = [];
  const given = SCENES.open();
  await opened({ ...given, explain: (url) => { asked.push(url.search); return given.explain(url); } }, { hash: '#explain' });
  await shows(page.locator('.verdict'), 'A request to pool default: 2 of 3 backends can take it now.');
  await page.getByLabel('Method').selectOption('POST');
  await page.getByLabel('Host').fill('shop.example');
  await page.getByLabel('Path').fill('/a b+c?');
  await page.keyboard.press('Enter');
  await shows(page.locator('.verdict'), 'POST shop.example/a b+c? takes route /api/resource to pool default: 2 of 3 backends can take it now. If none does: stale, then static.');
  assert.ok(asked.includes('?path=%2Fa%20b%2Bc%3F&method=POST&host=shop.example'), asked.join(' '));
  const first = page.locator('.candidates li').first();
  await shows(first, 'Its circuit opened after 3 failures in a row, and lets a request try again in 4 s.');
  assert.match(await first.innerText(), /since \d\d:\d\d:\d\d, until \d\d:\d\d:\d\d/);
  assert.deepEqual(page.complaints, []);
});

test('a circuit that only observes says so, a slow start shows, and routes have circuits of their own', async () => {
  await opened(SCENES.mixed());
  const row = (id) => page.locator(`[data-backend="${id}"]`);
  await shows(row('replica-5'), 'observes');
  await shows(row('replica-5'), 'only observed, 17 of 20 calls were slow, 85 % >= 80 %, would try again in 3 s');
  await row('replica-5').locator('.toggle').click();
  await shows(row('replica-5').locator('.details'), '12 (31 s saved)');
  await shows(row('replica-3'), 'slow start 11 %');
  await shows(row('replica-6'), 'suspect');
  await shows(row('cart-a.internal:8443'), 'route /cart/add: circuit open, 3 failures in a row');
  await shows(page.locator('h1'), '2 of 9 backends are out');
  await shows(page.locator('article').first().locator('.chart'), 'p99');
  assert.match(await page.locator('.plot').first().getAttribute('aria-label'), /^Requests\/s over the last minutes: now \d+, at most \d+$/);
  assert.deepEqual(page.complaints, []);
});

test('every text has a contrast of 4.5, in the light and in the dark', async () => {
  for (const colorScheme of ['light', 'dark']) {
    await opened(SCENES.mixed(), { colorScheme });
    await connection('live');
    await page.locator('.toggle').first().click();
    for (const view of ['Pools', 'Explain', 'Incidents']) {
      await page.getByRole('link', { name: view, exact: true }).click();
      await page.locator(`#view-${view.toLowerCase()}:not([hidden])`).waitFor();
      if (view === 'Incidents') {
        await page.locator('summary').first().click();
      } else if (view === 'Explain') {
        await page.locator('.candidates').waitFor();
      }
      assert.deepEqual(await page.evaluate(lowContrasts, 4.5), [], `${colorScheme}, ${view}`);
    }
    await page.context().close();
  }
});

test('the theme is the one that is chosen, also next time', async () => {
  await opened(SCENES.healthy(), { colorScheme: 'light' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole('button', { name: 'Theme: system' }).click();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  const dark = await ground();
  assert.notEqual(dark, light);
  await reload(page);
  await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  assert.equal(await ground(), dark);
  assert.deepEqual(page.complaints, []);
});

test('nothing moves for those who want it so', async () => {
  await opened(SCENES['half-open'](), { reducedMotion: 'reduce' });
  await shows(page.locator('h1'), 'on trial');
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
});

test('a phone of 360 px scrolls only downwards, whatever there is to show', async () => {
  await opened(SCENES.mixed(), { viewport: { width: 360, height: 740 } });
  await connection('live');
  await page.locator('.toggle').first().click();
  for (const view of ['Pools', 'Explain', 'Incidents']) {
    await page.getByRole('link', { name: view, exact: true }).click();
    await page.locator(`#view-${view.toLowerCase()}:not([hidden])`).waitFor();
    if (view === 'Incidents') {
      await page.locator('summary').first().click();
    }
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360), view);
  }
});

test('readers are told what is wrong, but not every second that runs down', async () => {
  await opened(SCENES.open());
  await shows(page.locator('#announcement'), '1 of 3 backends is out. 127.0.0.1:4001');
  assert.equal(await page.locator('#announcement').getAttribute('role'), 'status');
  assert.equal(await page.locator('[role=status] .countdown, [aria-live] .countdown').count(), 0);
});

test('events are read as the standard says, however they are cut', async () => {
  await opened(SCENES.healthy());
  const read = await page.evaluate(async () => {
    const { events } = await import('/js/stream.js');
    const bytes = new TextEncoder().encode(': ping\n\nid: 7\nevent: health\ndata: {"a":\ndata: "é"}\n\nretry: 5\r\n\r\ndata:1\r\n\r\nevent: lost\n\ndata: 2\n\ndata: 3\n');
    const told = [];
    for (const size of [1, 3, bytes.length]) {
      const body = new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) {
            controller.enqueue(bytes.slice(at, at + size));
          }
          controller.close();
        },
      });
      const list = [];
      for await (const event of events(body)) {
        list.push(event);
      }
      told.push(list);
    }
    return told;
  });
  const expected = [{ name: 'comment', id: null, data: null }, { name: 'health', id: '7', data: { a: 'é' } }, { name: 'message', id: '7', data: 1 }, { name: 'message', id: '7', data: 2 }];
  assert.deepEqual(read, [expected, expected, expected]);
});

test('figures are written as people read them', async () => {
  await opened(SCENES.healthy());
  const written = await page.evaluate(async () => {
    const { duration, millis, percent, perSecond, whole } = await import('/js/format.js');
    return [duration(4.26), duration(59.7), duration(60), duration(3725), duration(90_000), millis(0), millis(4.24), millis(9.96), millis(1250), percent(0.0012), percent(0.5), percent(0.0001), percent(null), perSecond(0), perSecond(9.94), perSecond(9.96), perSecond(344_572), whole(12_345)];
  });
  assert.deepEqual(written, ['4.3 s', '1 min', '1 min', '1 h 2 min', '1 d 1 h', '0 ms', '4.2 ms', '10 ms', '1.25 s', '0.1 %', '50 %', '< 0.1 %', '–', '0', '9.9', '10', '345K', '12,345']);
});
