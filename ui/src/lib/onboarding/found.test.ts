import { expect, test } from 'vitest';
import type { DiscoveredView } from '$lib/api';
import { addressKey, asSettled, isRange, merged, narrowed, placeOf, rangesOf, rowsOf, urgencyOf } from './found';

const device = (host: string, more: Partial<DiscoveredView> = {}): DiscoveredView =>
	({ endpoint: '', host, port: 80, url: `http://${host}/onvif/device_service`, addresses: [], known: 'new', ...more }) as DiscoveredView;

test('what answers again is one device, with its newer word', () => {
	const list = merged([device('10.0.0.1'), device('10.0.0.2')], [device('10.0.0.1', { known: 'known' }), device('10.0.0.3')]);
	expect(list.map(({ host, known }) => `${host} ${known}`)).toEqual(['10.0.0.1 known', '10.0.0.2 new', '10.0.0.3 new']);
});

test('places, and their order', () => {
	const check = (host: string, port: number, expected: string) => expect(placeOf({ host, port })).toBe(expected);
	check('10.0.0.1', 80, '10.0.0.1');
	check('10.0.0.1', 8000, '10.0.0.1:8000');
	check('fe80::1', 80, '[fe80::1]');
	expect(['10.0.0.10', '10.0.0.9'].sort((a, b) => addressKey(a).localeCompare(addressKey(b)))).toEqual(['10.0.0.9', '10.0.0.10']);
	expect(['known', 'new', 'moved'].sort((a, b) => urgencyOf({ known: a }) - urgencyOf({ known: b }))).toEqual(['moved', 'new', 'known']);
});

test('narrowed by words and by what is known', () => {
	const all = [device('10.0.0.1', { name: 'Gate', hardware: 'AX-1' }), device('10.0.0.2', { name: 'Yard', known: 'known' }), device('10.0.0.3', { known: 'moved' })];
	const check = (search: string, isNewOnly: boolean, expected: string[]) => expect(narrowed(all, search, isNewOnly).map(({ host }) => host)).toEqual(expected);
	check('', false, ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
	check('', true, ['10.0.0.1', '10.0.0.3']);
	check('gate ax', false, ['10.0.0.1']);
	check('10.0.0.2', true, []);
});

test('ranges as people type them', () => {
	expect(rangesOf(' 192.168.1.0/24, 10.0.0.1；10.0.0.5-9 ')).toEqual(['192.168.1.0/24', '10.0.0.1', '10.0.0.5-9']);
	const check = (text: string, expected: boolean) => expect(isRange(text), text).toBe(expected);
	for (const good of ['192.168.1.0/24', '192.168.1.10-40', '192.168.1.10-192.168.1.40', '10.0.0.1']) check(good, true);
	for (const bad of ['192.168.1', '192.168.1.300', '192.168.1.0/8', '10.0.0.1-', '10.0.0.1-300', 'camera', '1.2.3.4-5-6']) check(bad, false);
});

test('a device that moved is not added again', () => {
	expect(rowsOf([device('10.0.0.1'), device('10.0.0.2', { known: 'moved' })], 0)).toEqual([{ address: 'http://10.0.0.1/onvif/device_service', group_id: undefined, vendor: undefined }]);
});

test('what was taken over stays so when a search tells of it again', () => {
	const taken = device('10.0.0.1', { known: 'moved' });
	const list = asSettled(merged([device('10.0.0.2')], [taken]), [taken.url]);
	expect(list.map(({ host, known }) => `${host} ${known}`)).toEqual(['10.0.0.2 new', '10.0.0.1 known']);
});
