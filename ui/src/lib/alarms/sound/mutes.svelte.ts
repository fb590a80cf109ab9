/** What this computer does not hear now, and how that is changed. The site keeps who wanted it and why. */
import { api, type Failure } from '$lib/api';
import { t } from '$lib/i18n';
import { cameras } from '$lib/state/cameras.svelte';
import { now } from '$lib/state/now.svelte';
import { preferences } from '$lib/state/preferences.svelte';
import { sourceName } from '../names';
import { holding, isOfAll, withMute, withoutMute, type Mute } from './mute';
import { siren } from './siren.svelte';

class Mutes {
	readonly list = $derived(holding(preferences.mutes, now.ms));
	/** Nothing at all is heard until this is over. */
	readonly ofAll = $derived(this.list.find(isOfAll));

	/** Answers what was wrong; then everything is heard as before. */
	async add(mute: Mute): Promise<Failure | undefined> {
		const answer = await api.post('/alarms/mute', { until: mute.until, reason: mute.reason, source: mute.source, camera_id: mute.camera });
		if (answer.kind === 'error') return answer;
		preferences.mutes = withMute(preferences.mutes, mute, Date.now());
		return undefined;
	}

	/** At once, whatever the site says: what is heard too much harms nobody. */
	async end(mute: Mute): Promise<void> {
		preferences.mutes = withoutMute(preferences.mutes, mute);
		void api.post('/alarms/unmute', { source: mute.source, camera_id: mute.camera });
		await siren.unlock();
		siren.ring(2);
	}
}

export const mutes = new Mutes();

/** `Gate · AI engine`, `all alarms`. */
export function mutedText({ source, camera }: Pick<Mute, 'source' | 'camera'>): string {
	const parts = [camera === undefined ? '' : (cameras.byId.get(camera)?.name ?? t('rules.camera.gone', { id: camera })), source === undefined ? '' : sourceName(source)];
	return parts.filter(Boolean).join(' · ') || t('alarms.mute.all');
}
