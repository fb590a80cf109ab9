import { expect, test } from 'vitest';
import type { AiNodeView } from '$lib/api';
import { t } from '$lib/i18n';
import { abilitiesOf, isBuiltIn, keptName, loadOf, nodeName, nodeState } from './words';

const node = (change: Partial<AiNodeView>) => ({ enabled: true, is_connected: true, active_scenes: 1, max_scenes: 4, last_seen_at: 5, ...change }) as AiNodeView;

test('how a node stands', () => {
	const check = (change: Partial<AiNodeView>, expected: string) => expect(nodeState(node(change)).word, JSON.stringify(change)).toBe(expected);
	check({}, 'connected');
	check({ active_scenes: 4 }, 'full');
	check({ active_scenes: 0, max_scenes: 0 }, 'connected');
	check({ is_connected: false }, 'away');
	check({ is_connected: false, last_seen_at: null }, 'new');
	check({ enabled: false }, 'off');
});

test('load and abilities', () => {
	expect(loadOf({ active_scenes: 1, max_scenes: 4 })).toBe(0.25);
	expect(loadOf({ active_scenes: 9, max_scenes: 4 })).toBe(1);
	expect(loadOf({ active_scenes: 0, max_scenes: 0 })).toBeUndefined();
	expect(abilitiesOf(node({ can_preview: true, can_archive: true }))).toEqual(['preview', 'archive']);
	expect(abilitiesOf(node({}))).toEqual([]);
});

test('the node of the site itself has a name in every language until it is given one', () => {
	const built = node({ is_local: true, node_id: 'built-in', name: 'Built-in engine' });
	expect(isBuiltIn(built) && nodeName(built)).toBe(t('engines.node.built_in'));
	expect(nodeName({ ...built, name: 'Yard' })).toBe('Yard');
	expect([keptName('Built-in engine'), keptName('Yard')]).toEqual([t('engines.node.built_in'), 'Yard']);
	// Whoever else calls itself so has a token.
	expect(isBuiltIn({ ...built, is_local: false })).toBe(false);
});
