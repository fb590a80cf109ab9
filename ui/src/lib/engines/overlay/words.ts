/** What a box says. */
import type { AiObjectView } from '$lib/api';
import { lookup } from '$lib/i18n';

/** A thing's name in the language on screen where the catalogue has it, else the node's own word. */
export function labelName(label: string): string {
	return lookup(`engines.label.${label.toLowerCase()}`) ?? label;
}

/** `Person 90 %`; made when a result comes, not for each picture. */
export function boxText({ label, score }: Pick<AiObjectView, 'label' | 'score'>): string {
	return `${labelName(label)} ${Math.round(score * 100)} %`;
}
