/** JSON messages of the live socket. Their shapes come from the API document. */
import type { components } from '../api/schema';

type Schemas = components['schemas'];
export type LiveHello = Schemas['LiveHello'];
export type LiveServerMessage = Schemas['LiveServerMessage'];
export type LiveClientMessage = Schemas['LiveClientMessage'];

/** Undefined for anything this player does not know; it is ignored. */
export function parseMessage(text: string): LiveServerMessage | undefined {
	try {
		const message = JSON.parse(text) as LiveServerMessage;
		return ['hello', 'pong', 'status', 'error'].includes(message?.type) ? message : undefined;
	} catch {
		return undefined;
	}
}
