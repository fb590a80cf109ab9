/** What a list to pick from shows while somebody types. Pure. */

export interface PickOption {
	value: string;
	label: string;
	/** Says more than its label, and is searched as well. */
	hint?: string;
}

export interface Narrowed {
	shown: readonly PickOption[];
	/** How many more fit. */
	more: number;
}

/** Each word must be in it, wherever; those come first whose label begins with what was typed. */
export function narrowed(options: readonly PickOption[], typed: string, most: number): Narrowed {
	const wanted = typed.trim().toLowerCase();
	const words = wanted.split(/\s+/).filter(Boolean);
	const fits = ({ label, hint = '' }: PickOption) => words.every((word) => `${label} ${hint}`.toLowerCase().includes(word));
	const begins = ({ label }: PickOption) => Number(label.toLowerCase().startsWith(wanted));
	const all = options.filter(fits);
	// Sorting keeps the order of those that are alike.
	if (wanted) all.sort((a, b) => begins(b) - begins(a));
	return { shown: all.slice(0, most), more: Math.max(0, all.length - most) };
}

/** The one that is called exactly so. */
export function named(options: readonly PickOption[], typed: string): PickOption | undefined {
	const wanted = typed.trim().toLowerCase();
	return options.find(({ label }) => label.toLowerCase() === wanted);
}
