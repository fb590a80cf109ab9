/** Values for the `{name}` places of a sentence. */
export type Params = Record<string, string | number>;

/** Puts values into a sentence; an unknown place stays visible so that the mistake is found. */
export function fill(text: string, params: Params = {}): string {
	return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
}

export function places(text: string): string[] {
	return [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort();
}
