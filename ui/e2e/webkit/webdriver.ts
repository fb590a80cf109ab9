/** Just enough of the W3C WebDriver protocol to drive WebKitGTK's MiniBrowser. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { freePort } from '../support/site';

/** The browser that Debian ships for tests, of the newest WebKitGTK interface there is. */
export function findMiniBrowser(): string | undefined {
	for (const root of ['/usr/lib', '/usr/libexec']) {
		if (!existsSync(root)) continue;
		const places = [root, ...readdirSync(root).map((name) => `${root}/${name}`)];
		for (const place of places) {
			for (const version of ['webkitgtk-6.0', 'webkit2gtk-4.1', 'webkit2gtk-4.0']) {
				const path = `${place}/${version}/MiniBrowser`;
				if (existsSync(path)) return path;
			}
		}
	}
	return undefined;
}

export class WebKit {
	#driver: ChildProcess | undefined;
	#base = '';
	#session = '';

	static async start(): Promise<WebKit> {
		const browser = new WebKit();
		const port = await freePort();
		browser.#base = `http://127.0.0.1:${port}`;
		browser.#driver = spawn('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], { stdio: 'ignore' });
		await waitFor(() => fetch(`${browser.#base}/status`).then((answer) => answer.ok), 10_000, 'the driver to listen');
		const created = await browser.#call<{ sessionId: string }>('POST', '/session', {
			capabilities: {
				alwaysMatch: {
					'webkitgtk:browserOptions': { binary: findMiniBrowser(), args: ['--automation'] }
				}
			}
		});
		browser.#session = created.sessionId;
		await browser.#call('POST', `/session/${browser.#session}/timeouts`, { script: 60_000, pageLoad: 30_000, implicit: 0 });
		return browser;
	}

	async stop(): Promise<void> {
		if (this.#session) await this.#call('DELETE', `/session/${this.#session}`).catch(() => {});
		this.#driver?.kill();
	}

	/** Of the driver; the browser's processes are below it. */
	get pid(): number {
		return this.#driver?.pid ?? 0;
	}

	open(url: string): Promise<unknown> {
		return this.#call('POST', `/session/${this.#session}/url`, { url });
	}

	resize(width: number, height: number): Promise<unknown> {
		return this.#call('POST', `/session/${this.#session}/window/rect`, { width, height });
	}

	async screenshot(): Promise<Buffer> {
		return Buffer.from(await this.#call<string>('GET', `/session/${this.#session}/screenshot`), 'base64');
	}

	/** Runs a function in the page; it may return a promise. */
	async evaluate<T>(act: string | ((...args: never[]) => T | Promise<T>), ...args: unknown[]): Promise<T> {
		const script = `const done = arguments[arguments.length - 1]; const args = [...arguments].slice(0, -1);
			Promise.resolve((${act})(...args)).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
		const answer = await this.#call<{ value?: T; error?: string } | null>('POST', `/session/${this.#session}/execute/async`, { script, args });
		if (answer?.error) throw new Error(answer.error);
		return answer?.value as T;
	}

	async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
		const answer = await fetch(this.#base + path, {
			method,
			headers: { 'content-type': 'application/json' },
			body: body === undefined ? undefined : JSON.stringify(body),
			signal: AbortSignal.timeout(70_000)
		});
		const { value } = (await answer.json()) as { value: { error?: string; message?: string } };
		if (!answer.ok) throw new Error(`${method} ${path}: ${value?.error} ${value?.message}`);
		return value as T;
	}
}

/** Asks until it is true. A condition that throws is not true yet. */
export async function waitFor<T>(condition: () => T | Promise<T>, timeoutMs: number, what: string): Promise<NonNullable<T>> {
	const end = Date.now() + timeoutMs;
	for (;;) {
		const value = await Promise.resolve().then(condition).catch(() => undefined);
		if (value) return value as NonNullable<T>;
		if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
