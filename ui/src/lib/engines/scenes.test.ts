import { expect, test } from 'vitest';
import type { AiNodeView } from '$lib/api';
import { choicesOf, isUnlisted, needsOf, sceneName } from './scenes';
import type { SceneKind } from './wire';

const kind = (code: string, en: string, zh_cn: string, needs: SceneKind['needs']): SceneKind => ({ code, category: 'SAFETY', name: { en, zh_cn }, needs, problems: [], nodes: 0 });
const catalogue = [kind('MOTION', 'Motion', '移动', 'nothing'), kind('REGION_INTRUSION', 'Intrusion', '区域入侵', 'region'), kind('LINE_CROSSING', 'Line crossing', '', 'lines')];
const node = (algorithms: string[], { connected = true, enabled = true } = {}) => ({ algorithms, is_connected: connected, enabled }) as unknown as AiNodeView;

test('scenes have names where the catalogue knows them', () => {
	const check = (code: string, language: string, expected: string) => expect(sceneName(code, catalogue, language)).toBe(expected);
	check('MOTION', 'en', 'Motion');
	check('MOTION', 'zh-CN', '移动');
	check('LINE_CROSSING', 'zh-CN', 'LINE_CROSSING');
	check('BEES', 'en', 'BEES');
	expect(sceneName('MOTION', undefined, 'en')).toBe('MOTION');
});

test('unlisted is what a catalogue does not know; without one nothing is', () => {
	expect(isUnlisted('BEES', catalogue)).toBe(true);
	expect(isUnlisted('MOTION', catalogue)).toBe(false);
	expect(isUnlisted('BEES', undefined)).toBe(false);
	expect(needsOf('REGION_INTRUSION', catalogue)).toBe('region');
	expect(needsOf('BEES', catalogue)).toBeUndefined();
});

test('what somebody can do comes first, and each once', () => {
	const nodes = [node(['BEES', 'REGION_INTRUSION']), node(['REGION_INTRUSION']), node(['WASPS'], { connected: false }), node(['FLIES'], { enabled: false })];
	const shown = choicesOf(catalogue, nodes, 'en').map(({ code, nodes, isUnlisted }) => [code, nodes, isUnlisted]);
	expect(shown).toEqual([
		['REGION_INTRUSION', 2, false],
		['BEES', 1, true],
		['LINE_CROSSING', 0, false],
		['MOTION', 0, false],
		['WASPS', 0, true]
	]);
	expect(choicesOf(undefined, nodes, 'en').map(({ code }) => code)).toEqual(['BEES', 'REGION_INTRUSION', 'WASPS']);
	expect(choicesOf(undefined, [], 'en')).toEqual([]);
});
