// Programs under test, and temporary data folders.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Skip } from './expect.mjs';

export function binary(name, variable) {
  const path = process.env[variable];
  if (!path || !existsSync(path)) throw new Skip(`${name} is not built: set ${variable}`);
  return path;
}

export const desktop = () => binary('watchwall-desktop', 'WATCHWALL_DESKTOP_BIN');
export const server = () => binary('watchwall', 'WATCHWALL_BIN');

export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'watchwall-desktop-'));
  return { path, close: async () => rmSync(path, { recursive: true, force: true }) };
}

export function start(path, args, environment = {}) {
  const child = spawn(path, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid,
    log: () => output,
    running,
    kill: (signal) => child.kill(signal),
    // Its exit code, or an error after `limitMs`.
    exit: (limitMs) =>
      Promise.race([
        ended,
        new Promise((_, reject) => setTimeout(reject, limitMs, new Error(`still running after ${limitMs} ms`)).unref()),
      ]),
    async close() {
      if (!running()) return;
      child.kill('SIGTERM');
      const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(hard);
    },
  };
}

// Process ids below `pid` whose command is `name` (the kernel keeps 15 characters of it).
export function descendants(pid, name) {
  const found = [];
  const parents = new Map();
  for (const entry of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const [, command, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, 'utf8'));
      parents.set(Number(entry), { command, parent: Number(parent) });
    } catch {
      // It ended meanwhile.
    }
  }
  for (const [id, { command }] of parents) {
    let above = parents.get(id)?.parent;
    while (above && above !== pid) above = parents.get(above)?.parent;
    if (above === pid && command === name.slice(0, 15)) found.push(id);
  }
  return found;
}
