// The real thing: the window, its own site in the same process, sixteen virtual cameras.
import { readFileSync } from 'node:fs';
import { behind, readClock } from '../clock.mjs';
import { equal, expect, until } from '../expect.mjs';
import { recordLive } from '../record.mjs';
import { descendants, desktop, folder, server, start } from '../program.mjs';
import { drive } from '../webdriver.mjs';

const CAMERAS = 16;
const states = 'return [...document.querySelectorAll("[data-testid=tile-state]")].map((tile) => tile.dataset.state)';
const playing = async (window) => (await window.run(states)).filter((state) => state === 'playing').length;

async function demo(use) {
  const data = use(folder());
  const window = use(await drive(desktop(), ['--data', data.path, '--demo', String(CAMERAS)]));
  await until('the wall with its tiles', 90_000, async () => (await window.run(states)).length === CAMERAS);
  return { data, window };
}

export const tests = {
  async 'sixteen live tiles, a clip behind a click'(use) {
    const { data, window } = await demo(use);
    const shown = Date.now();
    await until('all tiles play', 30_000, async () => (await playing(window)) === CAMERAS);
    console.log(`        all ${CAMERAS} tiles played ${Date.now() - shown} ms after they stood`);

    const clocks = `${readClock} return [...document.querySelectorAll('.picture')].map(readClock)`;
    await until('clocks of at least twelve tiles', 10_000, async () => {
      const now = Date.now();
      const ages = (await window.run(clocks)).filter((clock) => clock !== null).map((clock) => behind(clock, now));
      return ages.length >= 12 && ages.every((age) => age > -100 && age < 2_000);
    });

    const site = new URL(await window.url()).origin;
    const path = await recordLive(site, readFileSync(`${data.path}/local-token`, 'utf8').trim());
    const at = Date.now() - 3_000;
    await window.go(`${site}/playback?path=${path}&at=${at}`);
    const tile = 'const tile = document.querySelector("[data-testid=playback-tile]");';
    await until('the recording plays', 20_000, async () => {
      const seen = await window.run(`${tile} return tile && { state: tile.dataset.state, at: Number(tile.dataset.at) }`);
      return seen && ['playing', 'paused'].includes(seen.state) && Math.abs(seen.at - at) < 10_000;
    });
    const seen = `${readClock} ${tile} return { clock: readClock(tile), position: Number(tile.dataset.at) }`;
    await until('the right burnt-in time', 10_000, async () => {
      const { clock, position } = await window.run(seen);
      return clock !== null && Math.abs(behind(clock, position)) < 500 && Math.abs(position - at) < 2_000;
    });
  },

  async 'recording goes on while the page comes back'(use) {
    const data = use(folder());
    const shell = use(start(desktop(), ['--data', data.path, '--demo', '4']));
    await until('the site', 60_000, async () => (await import('node:fs')).existsSync(`${data.path}/server.json`));
    // The web view changes its process when it leaves the starting page: only one that is still there can be killed.
    let page;
    await until('a web process to kill', 30_000, () => {
      [page] = descendants(shell.pid, 'WebKitWebProcess');
      try {
        return page !== undefined && process.kill(page, 'SIGKILL');
      } catch {
        return false;
      }
    });
    await until('another web process', 5_000, () => descendants(shell.pid, 'WebKitWebProcess').some((id) => id !== page));
    expect(shell.running(), 'the shell goes on');
    shell.kill('SIGTERM');
    equal((await shell.exit(7_000)).code, 0, 'exit code');
  },

  async 'a headless site is joined and goes on alone'(use) {
    const data = use(folder());
    const site = use(start(server(), ['demo', '--cameras', '4', '--data', data.path, '--listen', '127.0.0.1:0']));
    const [, address] = await until('the ready line', 60_000, () => /^ready (http:\S+)/m.exec(site.log()));
    const window = await drive(desktop(), ['--data', data.path]);
    try {
      await until('its page', 20_000, async () => (await window.url()).startsWith(address));
      await until('its tiles', 30_000, async () => (await playing(window)) === 4);
    } finally {
      await window.close();
    }
    expect((await fetch(`${address}healthz`)).ok, 'the site goes on');
    expect(site.running(), 'its process goes on');
  },
};
