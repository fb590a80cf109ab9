// The shell's own behaviour, against a stand-in for the site.
import { readFileSync, writeFileSync } from 'node:fs';
import { equal, expect, Skip, until } from '../expect.mjs';
import { descendants, desktop, folder, start } from '../program.mjs';
import { windowManager, windowNamed } from '../hands.mjs';
import { standIn } from '../stand_in.mjs';
import { drive } from '../webdriver.mjs';

const EXIT_MS = 5_000;

async function joined(use, options) {
  const data = use(folder());
  const site = use(await standIn(data.path, options));
  return { data, site };
}

export const tests = {
  async 'joins a running site, logged in'(use) {
    const { data, site } = await joined(use);
    const window = use(await drive(desktop(), ['--data', data.path]));
    await until('the page knows the session', 15_000, async () => (await window.title()) === 'stand-in known');
    equal(await window.url(), `http://${site.address}/`, 'the address keeps no token');
  },

  async 'stays on its site'(use) {
    const { data, site } = await joined(use);
    const window = use(await drive(desktop(), ['--data', data.path]));
    await until('the page', 15_000, async () => (await window.title()) === 'stand-in known');
    for (const script of [
      'document.getElementById("out").click()',
      'location.href = "https://127.0.0.1:9/"',
      'location.href = "file:///etc/hostname"',
      'window.open("http://localhost:9/")',
    ]) {
      await window.run(script).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 300));
      equal(await window.url(), `http://${site.address}/`, script);
    }
  },

  async 'lends the page full screen and nothing else'(use) {
    const { data } = await joined(use);
    const window = use(await drive(desktop(), ['--data', data.path]));
    await until('the page', 15_000, async () => (await window.title()) === 'stand-in known');
    const invoke = (command, options) =>
      window.runAsync('return await window.__TAURI_INTERNALS__.invoke(args[0], args[1])', command, options ?? {});
    equal(await invoke('plugin:window|is_fullscreen', { label: 'wall' }), false, 'full screen');
    for (const command of ['plugin:window|set_title', 'plugin:window|close', 'plugin:webview|create_webview_window', 'plugin:path|resolve_directory']) {
      const refused = await invoke(command, { label: 'wall', value: 'x', options: { label: 'x' }, directory: 1 }).then(
        () => 'allowed',
        (error) => String(error),
      );
      expect(/not allowed|denied/i.test(refused), `${command}: ${refused}`);
    }
  },

  async 'says why there is no site and tries again'(use) {
    const { data, site } = await joined(use, { refuses: true });
    const window = use(await drive(desktop(), ['--data', data.path]));
    const asked = () => site.count('POST /api/v1/one-time-tokens');
    await until('the problem page', 15_000, () => window.run('return !document.getElementById("retry").hidden'));
    expect((await window.run('return document.getElementById("text").textContent')).length > 5, 'a sentence');
    const before = asked();
    await window.click('#retry');
    await until('another try', 5_000, () => asked() > before);
  },

  async 'comes back when the web content process dies'(use) {
    const { data, site } = await joined(use);
    const shell = use(start(desktop(), ['--data', data.path]));
    const pages = () => site.count('GET /');
    // The token's redirect and the page it leads to.
    await until('the page', 15_000, () => pages() >= 2);
    for (let round = 1; round <= 3; round += 1) {
      const before = pages();
      const [process_] = await until('a web process', 5_000, () => {
        const found = descendants(shell.pid, 'WebKitWebProcess');
        return found.length > 0 && found;
      });
      process.kill(process_, 'SIGKILL');
      await until(`the page again, round ${round}`, 5_000, () => pages() > before);
    }
    expect(shell.running(), 'the shell goes on');
  },

  async 'a second start leaves it to the first'(use) {
    if (!process.env.DBUS_SESSION_BUS_ADDRESS) throw new Skip('there is no session bus');
    const { data, site } = await joined(use);
    const first = use(start(desktop(), ['--data', data.path]));
    await until('the page', 15_000, () => site.count('GET /') >= 2);
    const second = use(start(desktop(), ['--data', data.path]));
    equal((await second.exit(5_000)).code, 0, 'exit code of the second');
    expect(first.running(), 'the first goes on');
    const elsewhere = await joined(use);
    const third = use(start(desktop(), ['--data', elsewhere.data.path]));
    await until('a window on another folder', 15_000, () => elsewhere.site.count('GET /') >= 2);
    expect(third.running(), 'another folder has its own window');
  },

  async 'comes back where it was, and never beyond the screen'(use) {
    use(await windowManager());
    const { data, site } = await joined(use);
    const home = use(folder()).path;
    const open = async () => {
      const before = site.count('GET /');
      const shell = use(start(desktop(), ['--data', data.path], { XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }));
      await until('the page', 15_000, () => site.count('GET /') >= before + 2);
      return { shell, window: await windowNamed('^Watchwall$') };
    };
    const close = async (shell) => {
      shell.kill('SIGTERM');
      equal((await shell.exit(EXIT_MS)).code, 0, 'exit code');
    };
    const first = await open();
    first.window.set(333, 222, 900, 600);
    await until('its new place', 5_000, () => first.window.place().width === 900);
    const left = first.window.place();
    await close(first.shell);
    const second = await open();
    // The window manager's frame may count once more or less.
    const near = (a, b) => Math.abs(a - b) <= 40;
    await until('the same place', 5_000, () => {
      const { x, y, width, height } = second.window.place();
      return width === left.width && height === left.height && near(x, left.x) && near(y, left.y);
    });
    await close(second.shell);
    const file = `${home}/io.watchwall.desktop/.window-state.json`;
    const state = JSON.parse(readFileSync(file, 'utf8'));
    Object.assign(state.wall, { x: 1500, y: 800, width: 2400, height: 1300 });
    writeFileSync(file, JSON.stringify(state));
    const third = await open();
    await until('all of it on the screen', 10_000, () => {
      const { x, y, width, height } = third.window.place();
      return x >= 0 && y >= 0 && x + width <= 1920 && y + height <= 1080;
    });
  },

  async 'ends within five seconds of SIGTERM'(use) {
    const { data, site } = await joined(use);
    const shell = use(start(desktop(), ['--data', data.path]));
    await until('the page', 15_000, () => site.count('GET /') >= 2);
    shell.kill('SIGTERM');
    equal((await shell.exit(EXIT_MS)).code, 0, 'exit code');
  },
};
