import { expect, test } from 'vitest';
import { isPasswordReady, passwordFault } from './password';

test.each([
	['', '', undefined, false],
	['short', '', 'too_short', false],
	['long enough 1', '', undefined, false],
	['long enough 1', 'long enough 2', 'different', false],
	['long enough 1', 'long enough 1', undefined, true],
	['密码密码密码密码密码', '密码密码密码密码密码', undefined, true]
])('%s / %s', (password, repeat, fault, ready) => {
	expect(passwordFault(password, repeat)).toBe(fault);
	expect(isPasswordReady(password, repeat)).toBe(ready);
});
