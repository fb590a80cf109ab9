/** A real site with real virtual cameras, each a process of its own, on free ports with a fresh data folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const administrator = { username: 'admin', password: 'correct horse battery' };

const startMs = 60_000;
const stopMs = 8000;

export interface SiteOptions {
	cameras: number;
	/** Distance of key frames of the watched streams, ms. */
	gopMs?: number;
	/** Frames per second of the watched streams. */
	fps?: number;
	/** Plans for the main streams; made when absent. */
	records?: boolean;
	/** ONVIF devices, instead of plain cameras. */
	devices?: DeviceFarm[];
}

/** Devices that share a program, and so a fate. */
export interface DeviceFarm {
	/** Of their cameras. */
	count: number;
	/** Cameras of each device; one when absent. */
	channels?: number;
	/** Of the first; the others count up. */
	ip: string;
	username: string;
	password: string;
}

export interface TestDevice {
	url: string;
	/** Where what happens to it is commanded, and its number there. */
	control: string;
	number: number;
}

export function binary(): string | undefined {
	return process.env.WATCHWALL_BIN;
}

export interface TestCamera {
	id: number;
	name: string;
	/** In the farm, where faults are ordered. */
	position: number;
	/** Where the watched stream comes from. */
	subUrl: string;
}

export class TestSite {
	#processes: ChildProcess[] = [];
	#folder = '';
	#token = '';
	#log: string[] = [];
	url = '';
	/** What a headless start prints for whoever creates the first administrator. */
	code = '';
	/** Addresses of the virtual cameras, in the farm's order. */
	streams: { name: string; main: string; sub: string }[] = [];
	/** Commands faults. */
	control = '';
	/** ONVIF devices, in the farms' order. */
	devices: TestDevice[] = [];
	/** Where the devices answer a search, UDP. */
	discoveryPort = 0;
	/** In the order in which the site lists them, by name. */
	cameras: TestCamera[] = [];

	/** A site with its administrator and its cameras, recording. */
	static async start(options: SiteOptions): Promise<TestSite> {
		const site = await TestSite.startEmpty(options);
		try {
			await site.#setUp(options.records ?? true);
			return site;
		} catch (error) {
			await site.stop();
			throw new Error(`${String(error)}\n${site.#log.slice(-40).join('\n')}`, { cause: error });
		}
	}

	/** A site that nobody has set up, beside cameras that it does not know. */
	static async startEmpty(options: SiteOptions): Promise<TestSite> {
		const site = new TestSite();
		try {
			await site.#start(options);
			return site;
		} catch (error) {
			await site.stop();
			throw new Error(`${String(error)}\n${site.#log.slice(-40).join('\n')}`, { cause: error });
		}
	}

	/** The data folder. */
	get folder(): string {
		return this.#folder;
	}

	/** What tools on the same machine prove themselves with. */
	async localToken(): Promise<string> {
		return (await readFile(join(this.#folder, 'local-token'), 'utf8')).trim();
	}

	async #start(options: SiteOptions): Promise<void> {
		this.#folder = await mkdtemp(join(tmpdir(), 'watchwall-e2e-'));
		if (options.devices) await this.#startDevices(options.devices);
		else await this.#startCameras(options);
		const ready = await this.#run(['serve', '--data', this.#folder, '--listen', '127.0.0.1:0'], (lines, notes) => {
			const address = lines.find((line) => line.startsWith('ready '))?.slice(6);
			const code = /set-up code: (\S+)/.exec(notes.join('\n'))?.[1];
			return address && code ? { address, code } : undefined;
		});
		this.url = ready.address.replace(/\/$/, '');
		this.code = ready.code;
	}

	async #startDevices(farms: DeviceFarm[]): Promise<void> {
		const http = await freePort();
		this.discoveryPort = await freePort();
		for (const { count, channels = 1, ip, username, password } of farms) {
			const [rtsp, control] = [await freePort(), await freePort()];
			const login = ['--user', username, '--password', password];
			const places = ['--onvif', `127.0.0.1:${http}`, '--device-ip', ip, '--discovery', '127.0.0.1', '--discovery-port', String(this.discoveryPort)];
			const farm = ['camsim', '--cameras', String(count), '--listen', `127.0.0.1:${rtsp}`, '--control', `127.0.0.1:${control}`, '--gop-ms', '1000', '--channels', String(channels), ...login, ...places];
			await this.#run(farm, (lines) => (lines.filter((line) => line.includes('rtsp://')).length >= count * 2 ? lines : undefined));
			const devices = (await (await fetch(`http://127.0.0.1:${control}/devices`)).json()) as { url: string }[];
			this.devices.push(...devices.map(({ url }, number) => ({ url, control: `http://127.0.0.1:${control}`, number })));
		}
	}

	/** What happens at a device; see the farm's control port. */
	async command(device: number, what: 'events' | 'quirks' | 'soap-faults' | 'faults' | 'clock', order: Record<string, unknown>): Promise<void> {
		const { control, number } = this.devices[device] ?? { control: '', number: 0 };
		// A device here is one camera, with the same number.
		const answer = await fetch(`${control}/${what === 'faults' ? 'cameras' : 'devices'}/${number}/${what}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(order) });
		if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
	}

	/** Its network cable is pulled. */
	async unplug(device: number): Promise<void> {
		await this.command(device, 'faults', { kind: 'offline' });
	}

	async #startCameras({ cameras, gopMs, fps }: SiteOptions): Promise<void> {
		const [rtsp, control] = [await freePort(), await freePort()];
		this.control = `http://127.0.0.1:${control}`;
		const farm = ['camsim', '--cameras', String(cameras), '--listen', `127.0.0.1:${rtsp}`, '--control', `127.0.0.1:${control}`];
		if (gopMs) farm.push('--gop-ms', String(gopMs));
		if (fps) farm.push('--fps', String(fps));
		const lines = await this.#run(farm, (lines) => (lines.filter((line) => line.includes('rtsp://')).length >= cameras * 2 ? lines : undefined));
		const byName = new Map<string, Record<string, string>>();
		for (const line of lines) {
			const [name, role, url] = line.split('\t');
			if (name && role && url) byName.set(name, { ...byName.get(name), [role]: url });
		}
		this.streams = [...byName].map(([name, { main = '', sub = '' }]) => ({ name, main, sub }));
	}

	async #setUp(records: boolean): Promise<void> {
		await this.api('POST', '/setup', { code: this.code, ...administrator, language: 'en' });
		await this.logIn();
		// Each is looked at before it is saved, which takes until its next key frame: they wait together.
		const add = async ({ name, main, sub }: TestSite['streams'][number], position: number): Promise<TestCamera> => {
			const camera = await this.api<{ id: number }>('POST', '/cameras', { name, main_url: main, sub_url: sub, record: records });
			return { id: camera.id, name, position, subUrl: sub };
		};
		// Four at a time: the farm encodes its loops one after the other, and nobody waits longer than a camera may take.
		for (let first = 0; first < this.streams.length; first += 4) {
			const some = this.streams.slice(first, first + 4);
			this.cameras.push(...(await Promise.all(some.map((stream, index) => add(stream, first + index)))));
		}
		const listed = await this.api<{ items: { id: number }[] }>('GET', '/cameras?limit=500');
		const order = listed.items.map(({ id }) => id);
		this.cameras.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
	}

	/** From here on `api` speaks as the administrator. */
	async logIn(): Promise<void> {
		this.#token = (await this.api<{ token: string }>('POST', '/login', { ...administrator, bearer: true })).token;
	}

	async api<T>(method: string, path: string, body?: unknown): Promise<T> {
		const answer = await fetch(`${this.url}/api/v1${path}`, {
			method,
			headers: { 'content-type': 'application/json', ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}) },
			body: body === undefined ? undefined : JSON.stringify(body),
			signal: AbortSignal.timeout(30_000)
		});
		const text = await answer.text();
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
		return (text ? JSON.parse(text) : undefined) as T;
	}

	/** One number of `/metrics`, all labels added up. */
	async metric(name: string): Promise<number> {
		const answer = await fetch(`${this.url}/metrics`, { headers: { authorization: `Bearer ${this.#token}` } });
		const lines = (await answer.text()).split('\n').filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)));
		return lines.reduce((sum, line) => sum + Number(line.split(' ').pop()), 0);
	}

	/** Orders a fault of the camera that the site lists at `index`. */
	async fault(index: number, fault: Record<string, unknown>): Promise<void> {
		const position = this.#position(index);
		const answer = await fetch(`${this.control}/cameras/${position}/faults`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(fault)
		});
		if (!answer.ok) throw new Error(`fault: ${answer.status} ${await answer.text()}`);
	}

	#position(index: number): number {
		const camera = this.cameras[index];
		if (!camera) throw new Error(`there is no camera ${index}`);
		return camera.position;
	}

	async heal(index: number): Promise<void> {
		await fetch(`${this.control}/cameras/${this.#position(index)}/faults`, { method: 'DELETE' });
	}

	async stop(): Promise<void> {
		await Promise.all(this.#processes.reverse().map(end));
		if (this.#folder) await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
	}

	/** Starts the program and waits until its output says what is asked. */
	#run<T>(args: string[], look: (lines: string[], notes: string[]) => T | undefined): Promise<T> {
		const program = binary();
		if (!program) throw new Error('WATCHWALL_BIN names no program');
		// Nodes are those that a test brings.
		const env = { ...process.env, WATCHWALL_ANALYTICS__BUILT_IN_ENGINE: 'false' };
		const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
		this.#processes.push(child);
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`${args[0]} did not start in ${startMs} ms`)), startMs);
			const [lines, notes]: [string[], string[]] = [[], []];
			const read = (stream: NodeJS.ReadableStream, into: string[]) =>
				createInterface({ input: stream }).on('line', (line) => {
					into.push(line);
					this.#log.push(line);
					if (this.#log.length > 2000) this.#log.splice(0, 1000);
					const found = look(lines, notes);
					if (found === undefined) return;
					clearTimeout(timer);
					resolve(found);
				});
			if (child.stdout) read(child.stdout, lines);
			if (child.stderr) read(child.stderr, notes);
			child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`)));
			child.once('error', reject);
		});
	}
}

export function end(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
	return new Promise((resolve) => {
		const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
		child.once('exit', () => {
			clearTimeout(timer);
			resolve();
		});
		child.kill(child.spawnargs.includes('camsim') ? 'SIGINT' : 'SIGTERM');
	});
}

/** Below those that the system gives to connections: none is taken between asking here and listening there. */
const ports = { first: 20_000, count: 12_000 };
const given = new Set<number>();

export async function freePort(): Promise<number> {
	for (;;) {
		const port = ports.first + Math.floor(Math.random() * ports.count);
		if (given.has(port)) continue;
		given.add(port);
		const server = createServer();
		const isFree = await new Promise<boolean>((resolve) => server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)));
		if (!isFree) continue;
		await new Promise((resolve) => server.close(resolve));
		return port;
	}
}
