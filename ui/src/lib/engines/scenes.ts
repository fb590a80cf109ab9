/** What can be looked for: the site's catalogue and what nodes say of themselves. Pure. */
import type { AiNodeView } from '$lib/api';
import type { SceneKind } from './wire';

export interface SceneChoice {
	code: string;
	name: string;
	/** Nodes that are connected and can look for it. */
	nodes: number;
	isUnlisted: boolean;
	category: string | undefined;
}

/** A site without a catalogue cannot call anything unlisted. */
export function isUnlisted(code: string, catalogue: readonly SceneKind[] | undefined): boolean {
	// One without a category is there because a node announces it.
	return catalogue !== undefined && !catalogue.some((kind) => kind.code === code && kind.category);
}

export function sceneName(code: string, catalogue: readonly SceneKind[] | undefined, language: string): string {
	const kind = catalogue?.find((one) => one.code === code);
	return (language === 'zh-CN' ? kind?.name.zh_cn : kind?.name.en) || code;
}

/** What has to be drawn; undefined: nobody knows, so anything may be. */
export function needsOf(code: string, catalogue: readonly SceneKind[] | undefined): SceneKind['needs'] | undefined {
	return catalogue?.find((one) => one.code === code && one.category)?.needs;
}

/** All that the catalogue has and all that nodes announce, those first that a connected node can look for. */
export function choicesOf(catalogue: readonly SceneKind[] | undefined, nodes: readonly AiNodeView[], language: string): SceneChoice[] {
	const announced = nodes.filter((node) => node.enabled).flatMap((node) => node.algorithms);
	const codes = [...new Set([...(catalogue ?? []).map(({ code }) => code), ...announced])];
	const choices = codes.map((code) => ({
		code,
		name: sceneName(code, catalogue, language),
		nodes: nodes.filter((node) => node.is_connected && node.algorithms.includes(code)).length,
		isUnlisted: isUnlisted(code, catalogue),
		category: catalogue?.find((one) => one.code === code)?.category ?? undefined
	}));
	const order = new Intl.Collator(language, { numeric: true });
	return choices.sort((a, b) => Number(b.nodes > 0) - Number(a.nodes > 0) || Number(a.isUnlisted) - Number(b.isUnlisted) || order.compare(a.name, b.name));
}
