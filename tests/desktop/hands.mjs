// A window manager and hands for the dialogs of the desktop, which no WebDriver reaches.
import { spawn, spawnSync } from 'node:child_process';
import { Skip, expect, until } from './expect.mjs';
import { start } from './program.mjs';

function need(command) {
  if (spawnSync('which', [command]).status !== 0) throw new Skip(`${command} is not installed`);
}

// A bare screen has nobody who makes a window full screen or gives it the keyboard.
export async function windowManager() {
  need('openbox');
  need('xprop');
  const manager = start('openbox', ['--replace', '--sm-disable']);
  await until('the window manager, or its end', 10_000, () => !manager.running() || spawnSync('xprop', ['-root', '_NET_SUPPORTING_WM_CHECK']).stdout.includes('window id'));
  expect(manager.running(), `the window manager ended: ${manager.log()}`);
  return manager;
}

// Waits for the window of this title, gives it the keyboard, types the text and presses the keys.
export async function answer(title, { text = '', keys = [] }) {
  need('xdotool');
  const hand = (...args) => spawnSync('xdotool', args, { encoding: 'utf8', timeout: 10_000 });
  const id = await until(`the dialog ${title}`, 15_000, () => hand('search', '--onlyvisible', '--name', title).stdout.trim().split('\n')[0]);
  hand('windowactivate', '--sync', id);
  if (text) {
    hand('key', 'ctrl+a');
    hand('type', '--delay', '20', text);
  }
  for (const key of keys) hand('key', key);
  await until(`the dialog ${title} closed`, 10_000, () => hand('search', '--onlyvisible', '--name', title).stdout.trim() === '');
}

// The window of this title: where it is, how large, and how to change that.
export async function windowNamed(title) {
  need('xdotool');
  const hand = (...args) => spawnSync('xdotool', args, { encoding: 'utf8', timeout: 10_000 });
  const id = await until(`the window ${title}`, 15_000, () => hand('search', '--onlyvisible', '--name', title).stdout.trim().split('\n')[0]);
  return {
    // Without the frame around it.
    place: () => {
      const { stdout } = spawnSync('xwininfo', ['-id', id], { encoding: 'utf8' });
      const [x, y, width, height] = ['Absolute upper-left X', 'Absolute upper-left Y', 'Width', 'Height'].map((name) => Number(new RegExp(`${name}: +(-?\\d+)`).exec(stdout)?.[1]));
      return { x, y, width, height };
    },
    set: (x, y, width, height) => {
      hand('windowsize', '--sync', id, width, height);
      hand('windowmove', '--sync', id, x, y);
    },
  };
}

export function probe(path) {
  need('ffprobe');
  return new Promise((resolve, reject) => {
    const child = spawn('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', path]);
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.once('exit', (code) => (code === 0 ? resolve(Number(output)) : reject(new Error(`ffprobe ended with ${code}`))));
  });
}
