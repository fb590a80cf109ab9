/** How a node is called and stands, and what it can do, as words of the catalogue. Pure. */
import type { AiNodeView } from '$lib/api';
import { t } from '$lib/i18n';

/** What the site's own node calls itself; a person may give it another name. */
const own = { node_id: 'built-in', name: 'Built-in engine' };

export function isBuiltIn(node: Pick<AiNodeView, 'node_id' | 'is_local'>): boolean {
	return node.is_local && node.node_id === own.node_id;
}

/** As results keep it: by its name alone. */
export function keptName(name: string): string {
	return name === own.name ? t('engines.node.built_in') : name;
}

export function nodeName(node: Pick<AiNodeView, 'name' | 'node_id' | 'is_local'>): string {
	return isBuiltIn(node) && node.name === own.name ? t('engines.node.built_in') : node.name;
}

export interface NodeState {
	word: 'off' | 'connected' | 'full' | 'away' | 'new';
	tone: 'live' | 'warning' | 'alarm' | 'idle';
}

export function nodeState(node: AiNodeView): NodeState {
	if (!node.enabled) return { word: 'off', tone: 'idle' };
	if (node.is_connected) return node.max_scenes > 0 && node.active_scenes >= node.max_scenes ? { word: 'full', tone: 'warning' } : { word: 'connected', tone: 'live' };
	return node.last_seen_at ? { word: 'away', tone: 'alarm' } : { word: 'new', tone: 'idle' };
}

export function abilitiesOf(node: AiNodeView): ('preview' | 'archive')[] {
	return [...(node.can_preview ? (['preview'] as const) : []), ...(node.can_archive ? (['archive'] as const) : [])];
}

/** 0 to 1 of what it takes; undefined of a node that has not said how much. */
export function loadOf({ active_scenes, max_scenes }: Pick<AiNodeView, 'active_scenes' | 'max_scenes'>): number | undefined {
	return max_scenes > 0 ? Math.min(1, active_scenes / max_scenes) : undefined;
}
