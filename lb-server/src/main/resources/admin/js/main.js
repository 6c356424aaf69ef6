// The page: wires the state, what keeps it up to date, and the views.

import * as api from './api.js';
import { Operator } from './actions.js';
import { runCountdowns } from './countdown.js';
import { text } from './dom.js';
import { clock } from './format.js';
import { icon } from './icons.js';
import { Live } from './live.js';
import { State } from './state.js';
import { themeButton } from './theme.js';
import { ExplainView } from './views/explain.js';
import { Headline } from './views/headline.js';
import { IncidentsView } from './views/incidents.js';
import { PoolsView } from './views/pools.js';

const CONNECTIONS = {
  connecting: ['unknown', () => 'connecting'],
  live: ['closed', () => 'live'],
  polling: ['half-open', () => 'polling'],
  paused: ['aside', (at) => `paused ${at}`],
  disconnected: ['open', (at) => `disconnected ${at}`],
  locked: ['tripped', () => 'locked'],
};

const byId = (id) => document.getElementById(id);
const state = new State();
const live = new Live(state, () => operator.enterToken());
const operator = new Operator(state, live, say);
const views = {
  pools: new PoolsView(byId('view-pools'), state, operator),
  explain: new ExplainView(byId('view-explain'), state),
  incidents: new IncidentsView(byId('view-incidents')),
};
const headline = new Headline(byId('headline'), byId('announcement'));

function say(message) {
  text(byId('message'), message);
  byId('message').hidden = message === '';
}

let chosenView = 'pools';

/** The one that the address names, if it names one: it also leads to the content. */
function currentView() {
  const wanted = location.hash.slice(1);
  chosenView = wanted in views ? wanted : chosenView;
  return chosenView === 'explain' && !state.explains ? 'pools' : chosenView;
}

let shownConnection = '';

function showConnection() {
  const [shape, words] = CONNECTIONS[state.connection];
  const said = words(state.readAt ? `since ${clock(state.readAt)}` : '').trim();
  if (said !== shownConnection) {
    shownConnection = said;
    byId('connection').className = `connection badge is-${shape}`;
    byId('connection').replaceChildren(icon(shape), said);
  }
  document.body.classList.toggle('stale', state.readAt !== null && state.connection === 'disconnected');
}

function render() {
  const view = currentView();
  showConnection();
  headline.update(state);
  for (const link of document.querySelectorAll('[data-view]')) {
    const { view: name } = link.dataset;
    link.toggleAttribute('hidden', name === 'explain' && !state.explains);
    if (name === view) {
      link.setAttribute('aria-current', 'page');
    } else {
      link.removeAttribute('aria-current');
    }
    byId(`view-${name}`).hidden = name !== view;
  }
  views[view].update(state);
  text(byId('pause'), state.connection === 'paused' ? 'Go on' : 'Pause');
  text(byId('token'), api.token() === null ? 'Enter token' : 'Forget token');
  byId('token').hidden = api.token() === null && state.connection !== 'locked';
  byId('metrics').hidden = state.config?.metrics?.enabled !== true;
}

themeButton(byId('theme'));
byId('pause').addEventListener('click', () => (state.connection === 'paused' ? live.start() : live.stop('paused')));
byId('token').addEventListener('click', () => {
  if (api.token() === null) {
    operator.enterToken();
  } else {
    // With what it had opened.
    api.keepToken(null);
    location.reload();
  }
});
addEventListener('hashchange', render);
runCountdowns(() => live.refresh());
state.watch(render);
live.start();
