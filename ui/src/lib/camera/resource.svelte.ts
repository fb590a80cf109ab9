/** Something that is asked of the site or of a device when it is looked at: on its way, there, or refused. */
import type { Failure, Result } from '$lib/api';

export class Resource<T> {
	value = $state.raw<T>();
	problem = $state.raw<Failure>();
	isBusy = $state(false);
	#asks = 0;

	constructor(private readonly read: () => Promise<Result<T>>) {}

	/** Only the newest answer counts; what was there stays until then. */
	async load(): Promise<void> {
		const ask = ++this.#asks;
		this.isBusy = true;
		const answer = await this.read();
		if (ask !== this.#asks) return;
		this.isBusy = false;
		this.problem = answer.kind === 'error' ? answer : undefined;
		if (answer.kind === 'ok') this.value = answer.value;
	}
}

/** Refusals that say what a device is, not that something broke. */
export function isMissing(problem: Failure): boolean {
	return ['operation_unsupported', 'onvif_missing', 'ptz_unsupported'].includes(problem.code);
}
