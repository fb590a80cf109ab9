/** A search of the networks, and of ranges of addresses beside it. Results come in while it runs. */
import { api, type DiscoveryView, type Failure, type NotifyServerMessage } from '$lib/api';
import { asSettled, merged } from './found';
import type { DiscoveredView } from '$lib/api';
import { follow } from './feed';

export class Search {
	devices = $state.raw<DiscoveredView[]>([]);
	/** Of the search that could not begin; others may run. */
	problem = $state.raw<Failure>();
	isAsking = $state(false);
	#running = $state.raw<readonly number[]>([]);
	#jobs: number[] = [];
	/** Searches that the site spoke of while an answer was on its way: that answer is older. */
	#told: number[] = [];
	/** Addresses the site took over since the page was opened: what a search saw before that is older. */
	#settled: string[] = [];
	#unfollow: (() => void) | undefined;

	get isRunning(): boolean {
		return this.isAsking || this.#running.length > 0;
	}

	/** Nothing asks the networks this machine is on. What was found before stays. */
	async start(ranges: string[] = [], port?: number): Promise<void> {
		this.#unfollow ??= follow(['discovery'], { hear: (message) => this.#hear(message), connected: () => void this.#reload() });
		this.isAsking = true;
		this.problem = undefined;
		const answer = await api.post<DiscoveryView>('/discovery', { ranges, port });
		this.isAsking = false;
		if (answer.kind === 'error') this.problem = answer;
		if (answer.kind !== 'ok') return;
		this.#jobs.push(answer.value.id);
		this.#take(answer.value.id, answer.value.state, answer.value.devices);
		// Between the answer and the first news nothing is lost.
		void this.#read(answer.value.id);
	}

	stop(): void {
		for (const id of this.#running) void api.delete(`/discovery/${id}`);
	}

	close(): void {
		this.stop();
		this.#unfollow?.();
		this.#unfollow = undefined;
	}

	/** The site has it at this address now. */
	settled(url: string): void {
		this.#settled.push(url);
		this.devices = asSettled(this.devices, this.#settled);
	}

	#hear(message: NotifyServerMessage): void {
		if (message.type === 'discovery_changed' && this.#jobs.includes(message.id)) {
			this.#told.push(message.id);
			this.#take(message.id, message.state, message.devices);
		}
	}

	async #reload(): Promise<void> {
		for (const id of this.#running) await this.#read(id);
	}

	async #read(id: number): Promise<void> {
		this.#told = this.#told.filter((one) => one !== id);
		const answer = await api.get<DiscoveryView>(`/discovery/${id}`);
		if (answer.kind === 'ok' && this.#told.includes(id)) this.#take(id, this.#running.includes(id) ? 'running' : 'done', merged(answer.value.devices, this.devices));
		else if (answer.kind === 'ok') this.#take(id, answer.value.state, answer.value.devices);
		else if (answer.kind === 'error' && answer.status === 404) this.#take(id, 'cancelled', []);
	}

	#take(id: number, state: string, devices: DiscoveredView[]): void {
		if (devices.length > 0) this.devices = asSettled(merged(this.devices, devices), this.#settled);
		const others = this.#running.filter((one) => one !== id);
		this.#running = state === 'running' ? [...others, id] : others;
	}
}
