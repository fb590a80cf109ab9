// The rooms of alarms and engines in the real window: what is raised at the site is seen, heard and told there.
import { readFileSync } from 'node:fs';
import { equal, expect, until } from '../expect.mjs';
import { notifier } from '../notifier.mjs';
import { desktop, folder } from '../program.mjs';
import { drive } from '../webdriver.mjs';

const SEEN_WITHIN_MS = 1_000;
const there = (window, css) => window.run('return document.querySelector(arguments[0]) !== null', css);
const count = (window, css) => window.run('return document.querySelectorAll(arguments[0]).length', css);

async function demo(use) {
  const data = use(folder());
  const window = use(await drive(desktop(), ['--data', data.path, '--demo', '2']));
  await until('the wall', 90_000, async () => (await window.url()).endsWith('/wall') && there(window, '[data-testid=bell]'));
  const site = new URL(await window.url()).origin;
  const headers = { authorization: `Bearer ${readFileSync(`${data.path}/local-token`, 'utf8').trim()}`, 'content-type': 'application/json' };
  const call = async (method, path, body) => {
    const answer = await fetch(`${site}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    expect(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.status === 204 ? undefined : answer.json();
  };
  return { window, site, call };
}

// How long after the site answered something could be seen in the page; counted here, so with what asking takes.
async function seen(what, since, window, css) {
  await until(what, 5_000, () => there(window, css));
  const after = Date.now() - since;
  console.log(`        ${what} after ${after} ms`);
  expect(after < SEEN_WITHIN_MS, `${what} took ${after} ms`);
}

export const tests = {
  async 'an alarm is in list and panel within a second, and heard'(use) {
    const { window, site, call } = await demo(use);
    await window.go(`${site}/alarms`);
    await until('the list', 15_000, () => there(window, '[role=search] .chip'));
    // A press lets sound through where the web view wants one.
    await window.click('h1');
    await window.run(`
      window.tones = [];
      const start = OscillatorNode.prototype.start;
      OscillatorNode.prototype.start = function (...when) {
        window.tones.push({ state: this.context.state, hertz: this.frequency.value });
        return start.apply(this, when);
      };`);
    const first = await call('POST', '/alarms/test', { level: 4 });
    await seen('a row', Date.now(), window, `li[data-id="${first.id}"][data-state=new]`);
    await until('tones of it', 5_000, async () => (await window.run('return window.tones.length')) > 0);
    equal(await window.run('return [...new Set(window.tones.map(({ state }) => state))].join()'), 'running', 'the state of the audio context');
    expect(await window.run('return Number(document.querySelector("[data-testid=alarm-sound]").dataset.played) > 0'), 'the page counts its tones');

    await window.click('[data-testid=bell]');
    await until('the panel', 5_000, () => there(window, '#alarm-panel ul'));
    const before = await count(window, '#alarm-panel ul .what');
    await call('POST', '/alarms/test', { level: 2 });
    await seen('an entry of the panel', Date.now(), window, `#alarm-panel ul li:nth-of-type(${before + 1})`);

    await window.go(`${site}/engines`);
    await until('the task of the demo', 15_000, () => there(window, '[data-testid=task]'));
    await until('it runs', 30_000, () => there(window, '[data-testid=task][data-phase=running]'));
  },

  async 'the desktop is asked to tell of an alarm'(use) {
    const service = use(await notifier());
    const { window, call } = await demo(use);
    const channel = await call('POST', '/push-channels', { name: 'Desk', kind: 'desktop', language: 'en' });
    const { version } = await call('GET', '/push-routes');
    await call('PUT', '/push-routes', { routes: [{ key: 'default', channel_ids: [channel.id] }], version });
    equal(await window.run('return Notification.permission'), 'default', 'before anything was pressed');
    await window.click('[data-testid=bell]');
    await until('the right to tell', 10_000, async () => (await window.run('return Notification.permission')) === 'granted');
    const alarm = await call('POST', '/alarms/test', { level: 4 });
    const notice = await until('a notice', 10_000, () => service.notices().find(({ title }) => title.includes(alarm.title.en)));
    console.log(`        ${JSON.stringify(notice)}`);
  },
};
