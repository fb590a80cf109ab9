/** Shortest password the site accepts; the server says the same. */
export const MIN_PASSWORD_CHARS = 10;

export type PasswordFault = 'too_short' | 'different';

/** What is wrong with a new password, if anything; an empty field is not complained about yet. */
export function passwordFault(password: string, repeat: string): PasswordFault | undefined {
	if (password && [...password].length < MIN_PASSWORD_CHARS) return 'too_short';
	if (repeat && repeat !== password) return 'different';
	return undefined;
}

export function isPasswordReady(password: string, repeat: string): boolean {
	return password !== '' && password === repeat && passwordFault(password, repeat) === undefined;
}
