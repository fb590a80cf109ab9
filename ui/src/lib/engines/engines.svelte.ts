/**
 * AI nodes, tasks and the catalogue of scenes while their room is open, and what can be done with them. Kept in step by
 * the site's word; a site that never gives one is asked again every few seconds.
 */
import { api, getAll, type AiNodePatch, type AiNodeToken, type AiNodeView, type AiTaskView, type AiTaskWish, type Failure, type NewAiNode, type NotifyServerMessage } from '$lib/api';
import { failure, type Result } from '$lib/api/result';
import { follow } from '$lib/onboarding/feed';
import { session } from '$lib/state/session.svelte';
import { nodeName } from './nodes/words';
import { wishOf } from './tasks/wish';
import { scenesPath, type AnalyticsChanged, type SceneCatalogue, type SceneKind } from './wire';

/** While the site says nothing by itself. */
const askMs = 5000;
/** Of two readings that the site's word asks for. */
const apartMs = 500;

export class Engines {
	/** Undefined until it was read; empty for those who may not see nodes. */
	nodes = $state.raw<AiNodeView[]>();
	tasks = $state.raw<AiTaskView[]>();
	/** Undefined: the site has none. */
	catalogue = $state.raw<SceneKind[]>();
	problem = $state.raw<Failure>();
	/** When it was read last. */
	#readAt = 0;
	#hasHeard = false;
	#reading: Promise<void> | undefined;
	/** Something changed while it was read. */
	#isOutdated = false;
	#soon: ReturnType<typeof setTimeout> | undefined;

	/** Until the function it gives is called. */
	follow(): () => void {
		const leave = follow(['nodes'], { hear: (message) => this.#hear(message), connected: () => this.#readSoon() });
		const timer = setInterval(() => {
			if (!this.#hasHeard && document.visibilityState === 'visible') void this.load();
		}, askMs);
		void this.#readCatalogue();
		void this.load();
		return () => {
			leave();
			clearInterval(timer);
			clearTimeout(this.#soon);
			this.#soon = undefined;
		};
	}

	/** Resolves when what the site knew at the time of the call is here. */
	load(): Promise<void> {
		this.#isOutdated = true;
		this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
		return this.#reading;
	}

	nodeName(id: number | null | undefined): string | undefined {
		const node = this.nodes?.find((one) => one.id === id);
		return node && nodeName(node);
	}

	addNode(wanted: NewAiNode): Promise<AiNodeToken | Failure> {
		return this.#did(api.post<AiNodeToken>('/ai-nodes', wanted));
	}

	/** A new token; the old one is worth nothing from here on. */
	renewToken(node: AiNodeView): Promise<AiNodeToken | Failure> {
		return this.#did(api.post<AiNodeToken>(`/ai-nodes/${node.id}/token`));
	}

	changeNode(node: AiNodeView, change: Partial<AiNodePatch>): Promise<AiNodeView | Failure> {
		return this.#did(api.patch<AiNodeView>(`/ai-nodes/${node.id}`, change, { ifMatch: node.version }));
	}

	async removeNode(node: AiNodeView): Promise<Failure | undefined> {
		return onlyFailure(await this.#did(api.delete<undefined>(`/ai-nodes/${node.id}`)));
	}

	/** Absent task: a new one. */
	saveTask(task: AiTaskView | undefined, wish: AiTaskWish): Promise<AiTaskView | Failure> {
		return this.#did(task ? api.put<AiTaskView>(`/ai-tasks/${task.id}`, wish, { ifMatch: task.version }) : api.post<AiTaskView>('/ai-tasks', wish));
	}

	switchTask(task: AiTaskView, enabled: boolean): Promise<AiTaskView | Failure> {
		return this.saveTask(task, { ...wishOf(task), enabled });
	}

	async removeTask(task: AiTaskView): Promise<Failure | undefined> {
		return onlyFailure(await this.#did(api.delete<undefined>(`/ai-tasks/${task.id}`)));
	}

	async #did<T>(asked: Promise<Result<T>>): Promise<T | Failure> {
		const answer = await asked;
		await this.load();
		if (answer.kind === 'aborted') return failure('site_unreachable');
		return answer.kind === 'error' ? answer : answer.value;
	}

	async #read(): Promise<void> {
		while (this.#isOutdated) {
			this.#isOutdated = false;
			const [nodes, tasks] = await Promise.all([this.#readNodes(), getAll<AiTaskView>('/ai-tasks')]);
			this.#readAt = performance.now();
			this.problem = nodes.kind === 'error' ? nodes : tasks.kind === 'error' ? tasks : undefined;
			if (nodes.kind === 'ok') this.nodes = nodes.value;
			if (tasks.kind === 'ok') this.tasks = tasks.value;
		}
	}

	/** Who may not configure does not see nodes, and needs none. */
	#readNodes(): Promise<Result<AiNodeView[]>> {
		return session.can('configure') ? getAll<AiNodeView>('/ai-nodes') : Promise.resolve({ kind: 'ok', value: [] });
	}

	async #readCatalogue(): Promise<void> {
		const answer = await api.get<SceneCatalogue>(scenesPath);
		if (answer.kind === 'ok') this.catalogue = answer.value.items;
	}

	#hear(message: NotifyServerMessage): void {
		const said = message as NotifyServerMessage | AnalyticsChanged;
		if (said.type !== 'analytics_changed') return;
		this.#hasHeard = true;
		this.#readSoon();
	}

	#readSoon(): void {
		this.#soon ??= setTimeout(
			() => {
				this.#soon = undefined;
				void this.load();
			},
			Math.max(0, apartMs - (performance.now() - this.#readAt))
		);
	}
}

export function isFailure(outcome: unknown): outcome is Failure {
	return typeof outcome === 'object' && outcome !== null && (outcome as Partial<Failure>).kind === 'error';
}

function onlyFailure(outcome: unknown): Failure | undefined {
	return isFailure(outcome) ? outcome : undefined;
}
