/** Devices that answered a search: merged, narrowed, and turned into rows to add. Pure. */
import type { DiscoveredView, OnboardingRow } from '$lib/api';

/** Old ones first in the order they answered; what came again is newer. */
export function merged(held: readonly DiscoveredView[], news: readonly DiscoveredView[]): DiscoveredView[] {
	const byUrl = new Map(held.map((device) => [device.url, device]));
	for (const device of news) byUrl.set(device.url, device);
	return [...byUrl.values()];
}

export function modelOf(device: DiscoveredView): string {
	return device.hardware ?? device.vendor ?? '';
}

/** Those the site took over meanwhile are known to it, whatever a search saw before. */
export function asSettled(devices: readonly DiscoveredView[], settled: readonly string[]): DiscoveredView[] {
	return devices.map((device) => (settled.includes(device.url) ? { ...device, known: 'known' } : device));
}

/** Host and port as people write them; port 80 goes without saying. */
export function placeOf({ host, port }: Pick<DiscoveredView, 'host' | 'port'>): string {
	const name = host.includes(':') ? `[${host}]` : host;
	return port === 80 ? name : `${name}:${port}`;
}

/** What needs doing first: moved, new, known. */
export function urgencyOf({ known }: Pick<DiscoveredView, 'known'>): number {
	return ['moved', 'new', 'known'].indexOf(known);
}

export function narrowed(devices: readonly DiscoveredView[], search: string, isNewOnly: boolean): DiscoveredView[] {
	const words = search.toLowerCase().split(/\s+/).filter(Boolean);
	return devices.filter((device) => {
		if (isNewOnly && device.known === 'known') return false;
		const text = [device.name, placeOf(device), device.hardware, device.vendor, device.location, device.mac, device.serial].join(' ').toLowerCase();
		return words.every((word) => text.includes(word));
	});
}

/** Numbers in an address count as numbers, so that .9 comes before .10. */
export function addressKey(host: string): string {
	return host.replace(/\d+/g, (digits) => digits.padStart(5, '0'));
}

/** What was typed between commas, semicolons and spaces of either script. */
export function rangesOf(text: string): string[] {
	return text.split(/[\s,;，；、]+/).filter(Boolean);
}

const address = /^\d{1,3}(\.\d{1,3}){3}$/;

/** `192.168.1.0/24`, `192.168.1.10-40`, `192.168.1.10-192.168.1.40` or one address. The site has the last word. */
export function isRange(text: string): boolean {
	const [start = '', end, ...more] = text.split(/[-/]/);
	if (more.length > 0 || !address.test(start) || start.split('.').some((part) => Number(part) > 255)) return false;
	if (end === undefined) return true;
	if (text.includes('/')) return /^\d{1,2}$/.test(end) && Number(end) >= 16 && Number(end) <= 32;
	return address.test(end) || (/^\d{1,3}$/.test(end) && Number(end) <= 255);
}

/** One that moved is not added: it is the site's already. */
export function rowsOf(devices: readonly DiscoveredView[], group: number): OnboardingRow[] {
	return devices.filter((device) => device.known !== 'moved').map((device) => ({ address: device.url, group_id: group || undefined, vendor: device.vendor ?? undefined }));
}
