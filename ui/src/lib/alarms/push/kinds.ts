/** What each kind of channel needs to be told, and what is wrong with it. Pure. */
export type ChannelKind = 'webhook' | 'feishu' | 'wecom' | 'dingtalk' | 'smtp' | 'mqtt' | 'desktop';
export const channelKinds: readonly ChannelKind[] = ['webhook', 'feishu', 'wecom', 'dingtalk', 'smtp', 'mqtt', 'desktop'];

export interface ChannelField {
	name: string;
	/** Kept encrypted and never shown again. */
	isSecret?: true;
	isRequired?: true;
	/** One of these; the first is the usual one. */
	choices?: readonly string[];
	form?: 'url' | 'port' | 'mails' | 'mail' | 'long';
	usual?: string;
}

const robot: readonly ChannelField[] = [{ name: 'url', isSecret: true, isRequired: true, form: 'url' }];

export const fields: Record<ChannelKind, readonly ChannelField[]> = {
	webhook: [{ name: 'url', isRequired: true, form: 'url' }, { name: 'key', isSecret: true }, { name: 'template', form: 'long' }],
	feishu: [...robot, { name: 'key', isSecret: true }],
	wecom: robot,
	dingtalk: [...robot, { name: 'key', isSecret: true }],
	smtp: [
		{ name: 'host', isRequired: true },
		{ name: 'port', isRequired: true, form: 'port', usual: '587' },
		{ name: 'security', choices: ['starttls', 'tls', 'none'], usual: 'starttls' },
		{ name: 'from', isRequired: true, form: 'mail' },
		{ name: 'to', isRequired: true, form: 'mails' },
		{ name: 'user' },
		{ name: 'password', isSecret: true }
	],
	mqtt: [
		{ name: 'host', isRequired: true },
		{ name: 'port', isRequired: true, form: 'port', usual: '1883' },
		{ name: 'tls', choices: ['false', 'true'], usual: 'false' },
		{ name: 'topic', isRequired: true, usual: 'watchwall/alarms' },
		{ name: 'version', choices: ['3.1.1', '5'], usual: '3.1.1' },
		{ name: 'user' },
		{ name: 'password', isSecret: true }
	],
	desktop: []
};

export type FieldFault = 'missing' | 'url' | 'port' | 'mail';

const mail = /^[^\s@,]+@[^\s@,]+$/;

function fault({ isRequired, form }: ChannelField, value: string): FieldFault | undefined {
	const text = value.trim();
	if (text === '') return isRequired ? 'missing' : undefined;
	if (form === 'url') return /^https?:\/\/[^\s/]+/i.test(text) ? undefined : 'url';
	if (form === 'port') return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? undefined : 'port';
	if (form === 'mail') return mail.test(text.replace(/^.*<(.*)>$/, '$1')) ? undefined : 'mail';
	if (form === 'mails') return text.split(',').every((one) => mail.test(one.trim())) ? undefined : 'mail';
	return undefined;
}

/** `kept`: names of secrets that the site has already; left empty they stay. */
export function channelFaults(kind: ChannelKind, values: Readonly<Record<string, string>>, kept: readonly string[]): Record<string, FieldFault> {
	const found: Record<string, FieldFault> = {};
	for (const field of fields[kind]) {
		const value = values[field.name] ?? '';
		if (field.isSecret && value === '' && kept.includes(field.name)) continue;
		const wrong = fault(field, value);
		if (wrong) found[field.name] = wrong;
	}
	return found;
}

/** Apart, as the API takes them. Of secrets only those that were typed. */
export function apart(kind: ChannelKind, values: Readonly<Record<string, string>>): { settings: Record<string, string>; secrets: Record<string, string> } {
	const settings: Record<string, string> = {};
	const secrets: Record<string, string> = {};
	for (const { name, isSecret } of fields[kind]) {
		const value = (values[name] ?? '').trim();
		if (value === '') continue;
		(isSecret ? secrets : settings)[name] = value;
	}
	return { settings, secrets };
}
