// A stand-in for a running site, as far as the shell can see one: the records in the data folder,
// a health answer, one-time tokens, one page. What the shell does with them is tested without cameras.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

export async function standIn(folder, { refuses = false } = {}) {
  const seen = [];
  let tokens = 0;
  const http = createServer((request, response) => {
    const url = new URL(request.url, 'http://site');
    seen.push(`${request.method} ${url.pathname}`);
    if (url.pathname === '/healthz') return response.end('{}');
    if (url.pathname === '/api/v1/one-time-tokens') {
      const granted = !refuses && request.headers.authorization === 'Bearer secret';
      response.writeHead(granted ? 201 : 403, { 'content-type': 'application/json' });
      return response.end(granted ? JSON.stringify({ token: `token-${++tokens}` }) : '{}');
    }
    if (url.searchParams.has('token')) {
      response.writeHead(302, { location: '/', 'set-cookie': 'session=1; HttpOnly; SameSite=Strict' });
      return response.end();
    }
    if (url.pathname !== '/') return response.writeHead(404).end();
    const known = request.headers.cookie?.includes('session=1') ?? false;
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(`<!doctype html><title>stand-in ${known ? 'known' : 'unknown'}</title><a id="out" href="http://localhost:9/">out</a>`);
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${http.address().port}`;
  writeFileSync(join(folder, 'server.json'), JSON.stringify({ address, pid: process.pid }), { mode: 0o600 });
  writeFileSync(join(folder, 'local-token'), 'secret\n', { mode: 0o600 });
  return {
    address,
    count: (what) => seen.filter((line) => line === what).length,
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
