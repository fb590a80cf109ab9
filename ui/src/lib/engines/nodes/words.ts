/** How a node stands and what it can do, as words of the catalogue. Pure. */
import type { AiNodeView } from '$lib/api';

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
