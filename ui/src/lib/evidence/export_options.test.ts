import { expect, test } from 'vitest';
import { noOptions, optionsHold, wishOf } from './export_options';

test('only what was wished is asked for', () => {
	expect(wishOf(noOptions)).toEqual({});
	expect(wishOf({ ...noOptions, watermark: 'left over', password: 'left over too' })).toEqual({});
	expect(wishOf({ folder: '/mnt/usb', isBurnt: true, watermark: ' Case 12 ', isEncrypted: true, password: 'open sesame' })).toEqual({
		folder: '/mnt/usb',
		burn_in: { watermark: 'Case 12' },
		password: 'open sesame'
	});
});

test('a password has to be long enough, when there is to be one', () => {
	expect(optionsHold(noOptions)).toBe(true);
	expect(optionsHold({ ...noOptions, isEncrypted: true, password: '1234567' })).toBe(false);
	// Eight characters, though more units of text.
	expect(optionsHold({ ...noOptions, isEncrypted: true, password: '🔒🔒🔒🔒🔒🔒🔒🔒' })).toBe(true);
});
