/** Names of playback groups. Pure. */

/** Without letters that are read as others: names are read out over the telephone. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const LENGTH = 6;

/** A name that nobody else thinks of; `random` gives 0 to 1. */
export function newGroupName(random: () => number): string {
	return Array.from({ length: LENGTH }, () => LETTERS[Math.floor(random() * LETTERS.length)] ?? 'a').join('');
}

/** What somebody typed or a link said, as the site takes it; undefined for what it would refuse. */
export function asGroupName(text: string | null): string | undefined {
	const name = text?.trim() ?? '';
	return /^[\w-]{1,64}$/.test(name) ? name : undefined;
}

/** The address that opens the playback page in this group with these recordings. */
export function groupAddress(page: URL, name: string, paths: readonly string[]): string {
	const url = new URL(page.pathname, page);
	url.searchParams.set('group', name);
	if (paths.length > 0) url.searchParams.set('path', paths.join(','));
	return url.href;
}
