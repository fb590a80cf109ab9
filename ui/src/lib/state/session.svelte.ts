/** Who is logged in, and what the site says of itself. Read once at start and after login or logout. */
import { api, failure, type Failure, type SessionState, type UserView } from '$lib/api';
import { whenLoginRequired } from '$lib/api/client';
import { locale } from '$lib/i18n';
import { preferences } from './preferences.svelte';

type Phase = 'loading' | 'setup' | 'login' | 'ready' | 'unreachable';

class Session {
	phase = $state<Phase>('loading');
	site = $state<SessionState | null>(null);
	problem = $state<Failure | null>(null);

	constructor() {
		whenLoginRequired(() => {
			if (this.phase === 'ready') {
				this.phase = 'login';
				if (this.site) this.site = { ...this.site, user: null };
			}
		});
	}

	get user(): UserView | null {
		return this.site?.user ?? null;
	}

	can(right: string): boolean {
		return this.user?.rights.includes(right) ?? false;
	}

	async load(): Promise<void> {
		const answer = await api.get<SessionState>('/session');
		if (answer.kind === 'ok') {
			this.site = answer.value;
			this.problem = null;
			locale.timeZone = knownZone(answer.value.time_zone);
			this.phase = answer.value.setup_needed ? 'setup' : answer.value.user ? 'ready' : 'login';
			// Before the first administrator there is no site language yet: the browser's is the best guess.
			const ofSite = answer.value.setup_needed ? undefined : answer.value.default_language;
			locale.set(preferences.language ?? answer.value.user?.language ?? ofSite);
		} else {
			this.problem = answer.kind === 'error' ? answer : failure('site_unreachable');
			this.phase = 'unreachable';
		}
	}

	/** Asks again after something broke: a session that was ended shows the login; a site that is away changes nothing. */
	async check(): Promise<void> {
		if (this.phase !== 'ready') return;
		const answer = await api.get<SessionState>('/session');
		if (answer.kind !== 'ok') return;
		if (answer.value.user) this.site = answer.value;
		else await this.load();
	}

	async logout(): Promise<void> {
		await api.post('/logout');
		await this.load();
	}
}

/** A zone that this browser does not know is left to the browser's own. */
function knownZone(name: string): string | undefined {
	try {
		return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
	} catch {
		return undefined;
	}
}

export const session = new Session();
