/** Servers of others, run the way their users run them, with their own pages as players. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { end, freePort } from '../support/site';

export interface Peer {
	name: string;
	/** The page that plays the stream. */
	page: string;
	stop(): Promise<void>;
}

/** The program named by the variable, or found on the path. */
function find(variable: string, name: string): string | undefined {
	const named = process.env[variable];
	if (named) return named;
	return (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)).find((path) => existsSync(path));
}

async function run(program: string, args: (config: string) => string[], config: string, ready: string): Promise<() => Promise<void>> {
	const folder = await mkdtemp(join(tmpdir(), 'watchwall-bench-'));
	const file = join(folder, 'config.yml');
	await writeFile(file, config);
	const child: ChildProcess = spawn(program, args(file), { stdio: 'ignore', cwd: folder });
	const until = Date.now() + 15_000;
	while (!(await fetch(ready).then(() => true, () => false))) {
		if (Date.now() > until || child.exitCode !== null) throw new Error(`${program} does not answer at ${ready}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	return async () => {
		await end(child);
		await rm(folder, { recursive: true, force: true });
	};
}

/** The live stream of go2rtc's own page over MSE. */
export async function go2rtc(url: string): Promise<Peer | undefined> {
	const program = find('GO2RTC_BIN', 'go2rtc');
	if (!program) return undefined;
	const port = await freePort();
	const config = `api:\n  listen: "127.0.0.1:${port}"\nrtsp:\n  listen: ""\nwebrtc:\n  listen: ""\nlog:\n  level: error\nstreams:\n  cam: ${url}\n`;
	const stop = await run(program, (file) => ['-config', file], config, `http://127.0.0.1:${port}/`);
	return { name: 'go2rtc, MSE', page: `http://127.0.0.1:${port}/stream.html?src=cam&mode=mse`, stop };
}

/** The live stream of MediaMTX's own page over WebRTC. */
export async function mediamtx(url: string): Promise<Peer | undefined> {
	const program = find('MEDIAMTX_BIN', 'mediamtx');
	if (!program) return undefined;
	const [http, udp] = [await freePort(), await freePort()];
	const config = [
		'logLevel: error',
		'rtsp: no\nrtmp: no\nhls: no\nsrt: no\napi: no\nmoq: no',
		`webrtc: yes\nwebrtcAddress: 127.0.0.1:${http}\nwebrtcLocalUDPAddress: 127.0.0.1:${udp}`,
		'webrtcIPsFromInterfaces: no\nwebrtcAdditionalHosts: [127.0.0.1]',
		`paths:\n  cam:\n    source: ${url}\n    rtspTransport: tcp\n`
	].join('\n');
	const stop = await run(program, (file) => [file], config, `http://127.0.0.1:${http}/`);
	return { name: 'MediaMTX, WebRTC', page: `http://127.0.0.1:${http}/cam/`, stop };
}

/** The peers that are there, and the names of those that are not. */
export async function peers(url: string): Promise<{ present: Peer[]; absent: string[] }> {
	const found = { 'go2rtc (GO2RTC_BIN)': await go2rtc(url), 'MediaMTX (MEDIAMTX_BIN)': await mediamtx(url) };
	const present = Object.values(found).filter((peer) => peer !== undefined);
	return { present, absent: Object.entries(found).flatMap(([name, peer]) => (peer ? [] : [name])) };
}
