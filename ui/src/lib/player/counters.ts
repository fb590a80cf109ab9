/** What is open right now. A test reads these to prove that nothing leaks; the statistics overlay shows them. */
export interface Counters {
	players: number;
	sockets: number;
	decoders: number;
	mediaSources: number;
	objectUrls: number;
}

export const counters: Counters = { players: 0, sockets: 0, decoders: 0, mediaSources: 0, objectUrls: 0 };

if (typeof window !== 'undefined') window.__watchwall = { counters };
