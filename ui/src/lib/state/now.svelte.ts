/** The time for countdowns, once a second; runs only while someone reads it. */
import { createSubscriber } from 'svelte/reactivity';

class Now {
	#subscribe = createSubscriber((update) => {
		const timer = setInterval(update, 1000);
		return () => clearInterval(timer);
	});

	get ms(): number {
		this.#subscribe();
		return Date.now();
	}
}

export const now = new Now();
