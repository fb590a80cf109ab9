/** Routes and policy as a file, to take them to another site. Channels go by their names: numbers differ. Pure. */
import type { AlarmPolicyView, PushChannelView, PushRoutesView } from '$lib/api';
import { faults, modes } from '../policy/words';

const format = 'watchwall-alarms';
const keyForm = /^[A-Za-z0-9_.-]{1,64}$/;
const mostRoutes = 200;

export interface Transfer {
	format: typeof format;
	version: 1;
	level_policy: Omit<AlarmPolicyView, 'version'>;
	/** Names of channels by key. */
	push_routes: Record<string, string[]>;
}

type Named = Pick<PushChannelView, 'id' | 'name'>;

export function pack(policy: AlarmPolicyView, routes: PushRoutesView, channels: readonly Named[]): Transfer {
	const nameOf = (id: number) => channels.find((one) => one.id === id)?.name;
	const { levels, repeat_s, clip_before_s, clip_after_s, protect_gb } = policy;
	const level_policy = { levels, repeat_s, clip_before_s, clip_after_s, protect_gb };
	return { format, version: 1, level_policy, push_routes: Object.fromEntries(routes.routes.map(({ key, channel_ids }) => [key, channel_ids.flatMap((id) => nameOf(id) ?? [])])) };
}

export interface Unpacked {
	policy: AlarmPolicyView;
	routes: PushRoutesView;
	/** Channels that this site does not have; they are left out. */
	missing: string[];
}

export type TransferFault = 'not_json' | 'not_ours' | 'policy' | 'routes';

/** What a file would make of the site; or why it cannot be used. Versions are those of the site. */
export function unpack(text: string, held: { policy: AlarmPolicyView['version']; routes: number }, channels: readonly Named[]): Unpacked | TransferFault {
	let data: unknown;
	try {
		data = JSON.parse(text);
	} catch {
		return 'not_json';
	}
	if (typeof data !== 'object' || data === null || (data as Transfer).format !== format || (data as Transfer).version !== 1) return 'not_ours';
	const { level_policy, push_routes } = data as Transfer;
	const policy = { ...level_policy, version: held.policy };
	if (!isPolicy(policy) || faults(policy).length > 0) return 'policy';
	if (!isRoutes(push_routes)) return 'routes';
	const idOf = (name: string) => channels.find((one) => one.name === name)?.id;
	const missing = [...new Set(Object.values(push_routes).flat())].filter((name) => idOf(name) === undefined);
	const routes = Object.entries(push_routes).map(([key, names]) => ({ key, channel_ids: [...new Set(names.flatMap((name) => idOf(name) ?? []))] }));
	return { policy, routes: { routes, version: held.routes }, missing };
}

function isPolicy(policy: AlarmPolicyView): boolean {
	const levels: unknown = policy.levels;
	if (!Array.isArray(levels) || levels.length !== 4) return false;
	return policy.levels.every((one, index) => {
		if (typeof one !== 'object' || one === null || one.level !== index + 1 || typeof one.sound !== 'boolean') return false;
		return typeof one.push === 'object' && one.push !== null && modes.some((mode) => mode === one.push.mode);
	});
}

function isRoutes(routes: unknown): routes is Record<string, string[]> {
	if (typeof routes !== 'object' || routes === null || Array.isArray(routes)) return false;
	const entries = Object.entries(routes);
	return 'default' in routes && entries.length <= mostRoutes && entries.every(([key, names]) => keyForm.test(key) && Array.isArray(names) && names.every((name) => typeof name === 'string'));
}

export function isRouteKey(key: string): boolean {
	return keyForm.test(key);
}
