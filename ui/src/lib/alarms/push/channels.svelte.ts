/** The site's ways to reach people while their room is open. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { api, getAll, type Failure, type NewPushChannel, type PushChannelView, type PushRoutesView, type PushTest, type Result } from '$lib/api';
import { toasts } from '$lib/design/primitives';
import { t } from '$lib/i18n';

/** How channels do changes without an edit. */
const refreshMs = 10_000;
const testMs = 40_000;

export class PushChannels {
	list = $state.raw<PushChannelView[]>();
	routes = $state.raw<PushRoutesView>();
	problem = $state.raw<Failure>();
	readonly testing = new SvelteSet<number>();
	/** What the last test of each came to. */
	readonly tests = new SvelteMap<number, PushTest>();

	follow(): () => void {
		const timer = setInterval(() => { if (document.visibilityState === 'visible') void this.load(); }, refreshMs);
		return () => clearInterval(timer);
	}

	async load(): Promise<void> {
		const [channels, routes] = await Promise.all([getAll<PushChannelView>('/push-channels'), api.get<PushRoutesView>('/push-routes')]);
		this.problem = channels.kind === 'error' ? channels : routes.kind === 'error' ? routes : undefined;
		if (channels.kind === 'ok') this.list = channels.value;
		if (routes.kind === 'ok') this.routes = routes.value;
	}

	async save(channel: PushChannelView | undefined, wish: NewPushChannel): Promise<Failure | undefined> {
		// Its kind stays.
		const { name, language, settings, secrets, per_minute, enabled } = wish;
		const change = { name, language, settings, secrets, per_minute, enabled };
		const answer: Result<PushChannelView> = channel
			? await api.patch(`/push-channels/${channel.id}`, change, { ifMatch: channel.version })
			: await api.post('/push-channels', wish);
		if (answer.kind === 'error') return answer;
		await this.load();
		return undefined;
	}

	async setEnabled(channel: PushChannelView, enabled: boolean): Promise<void> {
		const answer = await api.patch(`/push-channels/${channel.id}`, { enabled }, { ifMatch: channel.version });
		if (answer.kind === 'error') toasts.failure(answer);
		await this.load();
	}

	async remove(channel: PushChannelView): Promise<Failure | undefined> {
		const answer = await api.delete(`/push-channels/${channel.id}`, { ifMatch: channel.version });
		if (answer.kind === 'error') return answer;
		await this.load();
		toasts.show({ kind: 'info', text: t('push.removed', { name: channel.name }) });
		return undefined;
	}

	/** Sends a test, and keeps what the target said. */
	async test(channel: PushChannelView): Promise<void> {
		this.testing.add(channel.id);
		this.tests.delete(channel.id);
		const answer = await api.post<PushTest>(`/push-channels/${channel.id}/test`, {}, { timeoutMs: testMs });
		this.testing.delete(channel.id);
		if (answer.kind === 'error') toasts.failure(answer);
		else if (answer.kind === 'ok') this.tests.set(channel.id, answer.value);
	}

	async saveRoutes(routes: PushRoutesView): Promise<Failure | undefined> {
		const answer = await api.put<PushRoutesView>('/push-routes', routes);
		if (answer.kind === 'error') return answer;
		if (answer.kind === 'ok') this.routes = answer.value;
		return undefined;
	}
}
