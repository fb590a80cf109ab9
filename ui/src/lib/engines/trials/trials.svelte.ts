/** The trials of one task while its dialog is open: those of before, and the one on screen, which is read until it is over. */
import { api, type AiTrialReport, type AiTrialView, type Failure } from '$lib/api';
import { failure } from '$lib/api/result';
import type { TrialRange } from './range';
import { isUnderWay } from './words';

const pollMs = 1000;

export class Trials {
	/** Newest first; undefined until they were read. */
	list = $state.raw<AiTrialView[]>();
	report = $state.raw<AiTrialReport>();
	problem = $state.raw<Failure>();
	busy = $state(false);
	#task: number;
	/** The one on screen. */
	#shown: number | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(task: number) {
		this.#task = task;
	}

	/** Until the function it gives is called. */
	follow(): () => void {
		void this.#readList(true);
		return () => this.#leave();
	}

	async start(range: TrialRange): Promise<void> {
		this.busy = true;
		const answer = await api.post<AiTrialView>(`/ai-tasks/${this.#task}/trials`, range);
		this.busy = false;
		this.problem = answer.kind === 'error' ? answer : answer.kind === 'aborted' ? failure('site_unreachable') : undefined;
		if (answer.kind === 'ok') await Promise.all([this.show(answer.value.id), this.#readList(false)]);
	}

	async cancel(): Promise<void> {
		if (this.#shown === undefined) return;
		const answer = await api.delete<undefined>(`/ai-trials/${this.#shown}`);
		this.problem = answer.kind === 'error' ? answer : undefined;
		await this.#read();
	}

	/** Back to the choice of a range, with undefined. */
	async show(id: number | undefined): Promise<void> {
		this.#shown = id;
		this.report = undefined;
		this.problem = undefined;
		await this.#read();
	}

	async #read(): Promise<void> {
		clearTimeout(this.#timer);
		const id = this.#shown;
		if (id === undefined) return;
		const answer = await api.get<AiTrialReport>(`/ai-trials/${id}`);
		if (id !== this.#shown) return;
		if (answer.kind === 'error') this.problem = answer;
		if (answer.kind === 'ok') this.report = answer.value;
		const isOver = answer.kind === 'ok' ? !isUnderWay(answer.value.trial) : answer.kind === 'error' && answer.code === 'not_found';
		if (isOver) void this.#readList(false);
		else this.#timer = setTimeout(() => void this.#read(), pollMs);
	}

	/** One that is under way is shown at once. */
	async #readList(opens: boolean): Promise<void> {
		const answer = await api.get<{ items: AiTrialView[] }>(`/ai-tasks/${this.#task}/trials`);
		if (answer.kind === 'error') this.problem = answer;
		if (answer.kind !== 'ok') return;
		this.list = answer.value.items;
		const running = opens ? this.list.find(isUnderWay) : undefined;
		if (running && this.#shown === undefined) await this.show(running.id);
	}

	#leave(): void {
		this.#shown = undefined;
		clearTimeout(this.#timer);
	}
}
