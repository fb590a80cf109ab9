// Recordings of the site behind the window, made through its API.
import { expect, until } from './expect.mjs';

// Records a live stream, whose pictures carry the clock, until eight seconds of it are there.
export async function recordLive(site, token) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const call = async (path, init = {}) => {
    const answer = await fetch(`${site}/api/v1${path}`, { ...init, headers });
    expect(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  };
  const { items } = await call('/cameras');
  const path = items[0].streams.find((stream) => stream.role === 'sub').path;
  await call(`/plans/${path}`, { method: 'PUT', body: JSON.stringify({ enabled: true }) });
  await until('eight seconds of recording', 30_000, async () => {
    const now = Date.now();
    const { tracks } = await call(`/timeline?paths=${path}&from=${now - 60_000}&to=${now}`);
    return tracks[0].coverage.reduce((sum, [start, end]) => sum + end - start, 0) >= 8_000;
  });
  return path;
}
