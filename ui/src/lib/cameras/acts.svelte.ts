/**
 * What is done to several cameras at once: one request each, a few at a time, with progress and a way to stop.
 * A camera that cannot be changed does not stop the others; its reason is said at the end.
 */
import { api, type CameraView, type Failure, type GroupView, type Result } from '$lib/api';
import { toasts } from '$lib/design/primitives';
import { t, type Key } from '$lib/i18n';
import { cameras } from '$lib/state/cameras.svelte';

const atOnce = 4;

interface Outcome {
	done: CameraView[];
	failed: Failure[];
}

type Act = (camera: CameraView) => Promise<Result<unknown>>;

class Acts {
	/** The act under way. */
	progress = $state.raw<{ done: number; of: number } | null>(null);
	#isStopped = false;

	/** What is under way ends with the requests already sent. */
	stop(): void {
		this.#isStopped = true;
	}

	async setEnabled(list: readonly CameraView[], enabled: boolean): Promise<void> {
		const changing = list.filter((camera) => camera.enabled !== enabled);
		const { done } = await this.#run(changing, (camera) => patch(camera.id, { enabled }));
		this.#say(done, enabled ? 'cameras.did.enabled' : 'cameras.did.disabled', () => void this.setEnabled(current(done), !enabled));
	}

	/** 0 takes them out of their groups. */
	async move(list: readonly CameraView[], group: number): Promise<void> {
		const from = new Map(list.map((camera) => [camera.id, camera.group_id ?? 0]));
		const changing = list.filter((camera) => (camera.group_id ?? 0) !== group);
		const { done } = await this.#run(changing, (camera) => patch(camera.id, { group_id: group }));
		this.#say(done, 'cameras.did.moved', () => void this.#run(current(done), (camera) => patch(camera.id, { group_id: from.get(camera.id) ?? 0 })));
	}

	/** There is no way back: the site never gives a camera's password out again. */
	async remove(list: readonly CameraView[]): Promise<void> {
		const { done } = await this.#run(list, (camera) => api.delete(`/cameras/${camera.id}`));
		this.#say(done, 'cameras.did.removed');
	}

	/** The group's cameras and groups move to the top; undo brings all of it back. */
	async removeGroup(group: GroupView): Promise<void> {
		const members = cameras.list.filter((camera) => camera.group_id === group.id);
		const inside = cameras.groups.filter((one) => one.parent_id === group.id);
		const answer = await api.delete(`/groups/${group.id}`);
		if (answer.kind === 'error') return toasts.failure(answer);
		await cameras.load();
		const undo = async () => {
			const again = await api.post<GroupView>('/groups', { name: group.name, parent_id: group.parent_id ?? undefined });
			if (again.kind === 'error') return toasts.failure(again);
			if (again.kind !== 'ok') return;
			for (const one of inside) await api.patch(`/groups/${one.id}`, { parent_id: again.value.id });
			await this.#run(current(members), (camera) => patch(camera.id, { group_id: again.value.id }));
		};
		toasts.show({ kind: 'info', text: t('cameras.group.removed', { name: group.name }), action: { label: t('ui.undo'), act: () => void undo() } });
	}

	async #run(list: readonly CameraView[], act: Act): Promise<Outcome> {
		const outcome: Outcome = { done: [], failed: [] };
		if (this.progress || list.length === 0) return outcome;
		this.#isStopped = false;
		this.progress = { done: 0, of: list.length };
		const waiting = [...list];
		const work = async () => {
			for (let camera = waiting.shift(); camera && !this.#isStopped; camera = waiting.shift()) {
				const answer = await act(camera);
				if (answer.kind === 'ok') outcome.done.push(camera);
				else if (answer.kind === 'error') outcome.failed.push(answer);
				this.progress = { done: outcome.done.length + outcome.failed.length, of: list.length };
			}
		};
		await Promise.all(Array.from({ length: atOnce }, work));
		this.progress = null;
		const [first] = outcome.failed;
		if (first) toasts.failure(first);
		await cameras.load();
		return outcome;
	}

	#say(done: readonly CameraView[], key: Key, undo?: () => void): void {
		const [first] = done;
		if (!first) return;
		const names = done.length === 1 ? first.name : t('cameras.count', { count: done.length });
		toasts.show({ kind: 'info', text: t(key, { names }), action: undo && { label: t('ui.undo'), act: undo } });
	}
}

function patch(id: number, change: Record<string, unknown>): Promise<Result<unknown>> {
	return api.patch(`/cameras/${id}`, change);
}

/** The same cameras as they are now. */
function current(list: readonly CameraView[]): CameraView[] {
	return list.flatMap((camera) => cameras.byId.get(camera.id) ?? []);
}

export const acts = new Acts();
