/** Bans words typed into markup: every text on screen comes from the catalogue through `t()`. */
const attributes = new Set(['title', 'placeholder', 'aria-label', 'alt', 'label']);
const letters = /\p{L}{2,}/u;

export default {
	meta: { type: 'problem', messages: { literal: 'Literal text "{{text}}": use t() and assets/i18n.' }, schema: [] },
	create(context) {
		const report = (node, text) => context.report({ node, messageId: 'literal', data: { text: text.trim().slice(0, 40) } });
		return {
			SvelteText(node) {
				const parent = node.parent?.type;
				if (parent === 'SvelteStyleElement' || parent === 'SvelteScriptElement') return;
				if (parent === 'SvelteElement' && letters.test(node.value)) report(node, node.value);
			},
			SvelteAttribute(node) {
				if (!attributes.has(node.key?.name)) return;
				for (const part of node.value) {
					if (part.type === 'SvelteLiteral' && letters.test(part.value)) report(part, part.value);
				}
			}
		};
	}
};
