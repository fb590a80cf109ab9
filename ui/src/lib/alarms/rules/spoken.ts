/** Rules in words: when they hold, and what they do. */
import type { RuleAction, RuleMatch } from '$lib/api';
import { labelName } from '$lib/engines/overlay/words';
import { format, t } from '$lib/i18n';
import { cameras } from '$lib/state/cameras.svelte';
import { levelOf } from '../level';
import { fromLevel, kindName, sourceName } from '../names';

const mostNames = 3;

function list(names: readonly string[]): string {
	const shown = names.slice(0, mostNames).join(t('rules.list.join'));
	return names.length > mostNames ? t('rules.list.more', { names: shown, count: names.length - mostNames }) : shown;
}

const cameraName = (id: number) => cameras.byId.get(id)?.name ?? t('rules.camera.gone', { id });

export function whenText(when: RuleMatch): string {
	const parts = [
		when.source ? sourceName(when.source) : '',
		when.kinds.length > 0 ? list(when.kinds.map(kindName)) : '',
		when.level && when.level > 1 ? fromLevel(when.level) : '',
		when.labels.length > 0 ? list(when.labels.map(labelName)) : '',
		when.camera_ids.length > 0 ? list(when.camera_ids.map(cameraName)) : '',
		when.group_ids.length > 0 ? list(when.group_ids.map((id) => cameras.groups.find((group) => group.id === id)?.name ?? String(id))) : '',
		when.arming.length > 0 ? list(when.arming.map((mode) => t(`arming.${mode}` as 'arming.day'))) : '',
		when.schedule ? t('rules.scheduled') : ''
	].filter(Boolean);
	return parts.length > 0 ? parts.join(' · ') : t('rules.always');
}

export function actionText(one: RuleAction): string {
	const camera = 'camera_id' in one && one.camera_id ? cameraName(one.camera_id) : t('rules.camera.same');
	switch (one.do) {
		case 'raise_alarm':
			return t('rules.says.raise_alarm', { level: t(`alarm.level.${levelOf(one.level)}`) });
		case 'suppress':
			return t('rules.says.suppress');
		case 'record':
			return t('rules.says.record', { length: format.duration(one.seconds * 1000) });
		case 'push':
			return t('rules.says.push', { route: one.route === 'default' ? t('push.route.default') : one.route });
		case 'show':
			return t('rules.says.show', { camera, length: format.duration(one.seconds * 1000) });
		case 'preset':
			return t('rules.says.preset', { camera, preset: one.preset });
		case 'relay':
			return t(one.on ? 'rules.says.relay.on' : 'rules.says.relay.off', { camera, relay: one.relay });
		case 'sound':
			return t('rules.says.sound', { sound: t(`rules.sound.${one.sound}` as 'rules.sound.bell') });
		case 'http':
			return t('rules.says.http', { url: one.url });
		case 'bookmark':
			return t('rules.says.bookmark', { text: one.text });
	}
}
