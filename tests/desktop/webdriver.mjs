// A WebDriver client for WebKitGTK, as much of the W3C protocol as the specs need.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { Skip, until } from './expect.mjs';
import { descendants } from './program.mjs';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// Starts `binary` under WebDriver and returns the session on its first window.
export async function drive(binary, args, environment = {}) {
  const port = await freePort();
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
    env: { ...process.env, ...environment, TAURI_WEBVIEW_AUTOMATION: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [driver.stdout, driver.stderr]) stream.on('data', (text) => (output += text));
  let missing = false;
  driver.on('error', () => (missing = true));
  const base = `http://127.0.0.1:${port}`;
  await until('WebKitWebDriver answers', 10_000, async () => missing || (await fetch(`${base}/status`)).ok);
  if (missing) throw new Skip('WebKitWebDriver is not installed');

  const call = async (method, path, body) => {
    const answer = await fetch(base + path, {
      method,
      body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined,
      signal: AbortSignal.timeout(60_000),
    });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': { binary, args } } };
  let session;
  try {
    session = `/session/${(await call('POST', '/session', { capabilities })).sessionId}`;
  } catch (error) {
    driver.kill('SIGKILL');
    throw new Error(`${error.message}\n${output}`);
  }
  const element = async (css) => (await call('POST', `${session}/element`, { using: 'css selector', value: css }))[ELEMENT];
  return {
    log: () => output,
    // The body of a function: `return document.title`.
    run: (script, ...args) => call('POST', `${session}/execute/sync`, { script, args }),
    // As `run`, for a body with `await`.
    runAsync: (body, ...args) =>
      call('POST', `${session}/execute/async`, {
        script: `const done = arguments[arguments.length - 1]; const args = arguments;
          (async () => { ${body} })().then((value) => done({ value }), (error) => done({ error: String(error) }));`,
        args,
      }).then(({ value, error }) => {
        if (error) throw new Error(error);
        return value;
      }),
    url: () => call('GET', `${session}/url`),
    title: () => call('GET', `${session}/title`),
    go: (url) => call('POST', `${session}/url`, { url }),
    click: async (css) => call('POST', `${session}/element/${await element(css)}/click`),
    type: async (css, text) => call('POST', `${session}/element/${await element(css)}/value`, { text }),
    screenshot: () => call('GET', `${session}/screenshot`),
    closeWindow: () => call('DELETE', `${session}/window`),
    async close() {
      const programs = descendants(driver.pid, 'watchwall-desktop');
      await call('DELETE', session).catch(() => {});
      driver.kill('SIGTERM');
      if (driver.exitCode === null && driver.signalCode === null) await new Promise((resolve) => driver.once('exit', resolve));
      // A driver that is ended in the middle of its good-bye leaves the program behind, without a page.
      for (const id of programs) await end(id);
    },
  };
}

async function end(id) {
  const runs = (signal) => {
    try {
      return process.kill(id, signal);
    } catch {
      return false;
    }
  };
  if (runs('SIGTERM')) await until('the program ended', 10_000, () => !runs(0));
}
