// What the site's own pages do in the real window: the first run, full screen, saving a clip.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { equal, expect, until } from '../expect.mjs';
import { answer, probe, windowManager } from '../hands.mjs';
import { recordLive } from '../record.mjs';
import { desktop, folder } from '../program.mjs';
import { drive } from '../webdriver.mjs';

const path = async (window) => new URL(await window.url()).pathname;
const there = (window, css) => window.run('return document.querySelector(arguments[0]) !== null', css);
const isFull = (window) => window.runAsync('return await window.__TAURI_INTERNALS__.invoke("plugin:window|is_fullscreen", { label: "wall" })');

async function step(window, css, what) {
  await until(what, 15_000, () => there(window, css));
  await window.click(css);
}

// The last button beside the marks.
const SAVE = '.keep > .group:first-child > button:last-of-type:not([disabled])';

// Marks five seconds, ending before the present, and presses save.
async function saveClip(window, site, stream) {
  await window.go(`${site}/playback?path=${stream}&at=${Date.now() - 8_000}`);
  await until('a picture', 30_000, () => there(window, '[data-testid=playback-tile][data-state=paused]'));
  const press = (key) => window.run('document.body.dispatchEvent(new KeyboardEvent("keydown", { key: arguments[0], bubbles: true }))', key);
  await press('i');
  const at = () => window.run('return Number(document.querySelector("[data-testid=playback-tile]").dataset.at)');
  const start = await at();
  await press(' ');
  await until('five seconds of it', 20_000, async () => (await at()) - start > 5_000);
  await press(' ');
  await press('o');
  await step(window, SAVE, 'a clip to save');
}

async function recorded(use, args) {
  const data = use(folder());
  const window = use(await drive(desktop(), ['--data', data.path, '--demo', '2', ...args(data.path)]));
  await until('the wall', 90_000, async () => (await window.url()).endsWith('/wall'));
  const site = new URL(await window.url()).origin;
  const stream = await recordLive(site, readFileSync(`${data.path}/local-token`, 'utf8').trim());
  return { data, window, site, stream };
}

export const tests = {
  async 'an empty folder is set up'(use) {
    const data = use(folder());
    const window = use(await drive(desktop(), ['--data', data.path]));
    await until('the first run', 60_000, async () => (await path(window)) === '/setup' && (await there(window, '[name=language]')));
    await step(window, '[type=submit]', 'the language');
    await until('the administrator', 10_000, () => there(window, '[name=username]'));
    equal(await there(window, '[name=code]'), false, 'a code is asked for');
    for (const [name, text] of [['username', 'admin'], ['password', 'correct horse battery'], ['repeat', 'correct horse battery']]) await window.type(`[name=${name}]`, text);
    await step(window, '[type=submit]', 'the administrator');
    await until('the folder', 15_000, () => window.run('return document.querySelector("[name=recording_folder]")?.value.endsWith("/recordings")'));
    await step(window, '[type=submit]', 'the folder');
    await until('the cameras', 15_000, async () => (await path(window)) === '/setup/cameras');
    await step(window, '.row button:last-of-type', 'going on');
    await until('the wall', 15_000, async () => (await path(window)) === '/wall');
  },

  async 'the wall fills the screen and comes back'(use) {
    use(await windowManager());
    const data = use(folder());
    const window = use(await drive(desktop(), ['--data', data.path, '--demo', '2']));
    const button = '[role=toolbar] button[aria-label*="hole screen"]';
    await until('the wall bar', 90_000, () => there(window, button));
    const before = await window.run('return innerHeight');
    await step(window, button, 'the wall bar');
    await until('full screen', 10_000, async () => (await isFull(window)) && (await window.run('return innerHeight === screen.height && innerWidth === screen.width')));
    await window.run('document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))');
    await until('the window as it was', 10_000, async () => !(await isFull(window)) && (await window.run('return innerHeight')) === before);
    await until('the navigation', 5_000, () => there(window, 'nav'));
  },

  async 'a clip lands where the user says, and nowhere after Cancel'(use) {
    use(await windowManager());
    const { data, window, site, stream } = await recorded(use, () => []);
    await saveClip(window, site, stream);
    await answer('Save file', { keys: ['Escape'] });
    const chosen = `${data.path}/gate clip.mp4`;
    await step(window, SAVE, 'a clip to save');
    await answer('Save file', { text: chosen, keys: ['Return'] });
    await until('the clip', 15_000, () => existsSync(chosen) && statSync(chosen).size > 10_000 && /a download ended/.test(window.log()));
    const length = await probe(chosen);
    expect(length > 4.5 && length < 9, `a clip of ${length} s`);
    equal(readdirSync(data.path).filter((name) => name.endsWith('.mp4')).length, 1, 'clips in the folder');
  },

  async 'a kiosk saves without asking, under free names'(use) {
    const { data, window, site, stream } = await recorded(use, (path) => ['--downloads', path]);
    await saveClip(window, site, stream);
    const clips = () => readdirSync(data.path).filter((name) => name.endsWith('.mp4'));
    await until('one clip', 15_000, () => clips().length === 1);
    expect(/^Gate \d{4}-\d{2}-\d{2} \d{2}-\d{2}-\d{2}\.mp4$/.test(clips()[0]), `its name: ${clips()[0]}`);
    await step(window, SAVE, 'a clip to save');
    await until('another name', 15_000, () => clips().length === 2 && clips().some((name) => name.includes('(1)')));
  },
};
