/** Lets alarms be heard on this computer: one tone when one comes, and again while a grave one is not acknowledged. */
import type { SoundPlan } from './plan';
import { lengthMs, play, type Tone } from './tones';

/** Two tones within this time are one. */
const togetherMs = 1200;

class Siren {
	/** Something should be heard, and the browser waits for a press on the page. */
	isBlocked = $state(false);
	/** How many tones this window played. */
	played = $state(0);
	#context: AudioContext | undefined;
	#timer: ReturnType<typeof setInterval> | undefined;
	#level: number | undefined;
	#rangAt = 0;

	ring(tone: Tone): void {
		const at = Date.now();
		if (at - this.#rangAt < togetherMs) return;
		this.#rangAt = at;
		void this.#ring(tone);
	}

	/** What goes on sounding from now on. */
	follow(plan: SoundPlan | undefined): void {
		if (this.#level === plan?.level) return;
		clearInterval(this.#timer);
		this.#level = plan?.level;
		if (!plan) {
			this.isBlocked = false;
			return;
		}
		this.ring(plan.level);
		this.#timer = setInterval(() => this.ring(plan.level), plan.everyMs);
	}

	/** A press on the page lets sound through. */
	async unlock(): Promise<void> {
		this.#context ??= new AudioContext();
		await this.#context.resume().catch(() => undefined);
		this.isBlocked = this.isBlocked && this.#context.state !== 'running';
	}

	stop(): void {
		this.follow(undefined);
		void this.#context?.close().catch(() => undefined);
		this.#context = undefined;
	}

	async #ring(tone: Tone): Promise<void> {
		const context = (this.#context ??= new AudioContext());
		// A browser that waits for a press never answers this.
		if (context.state !== 'running') await Promise.race([context.resume().catch(() => undefined), pause(300)]);
		this.isBlocked = context.state !== 'running';
		if (this.isBlocked) return;
		await alone(async () => {
			play(context, tone);
			this.played += 1;
			await pause(lengthMs(tone));
		});
	}
}

function pause(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Several windows of one computer sound once; without a secure context each sounds for itself. */
async function alone(act: () => Promise<void>): Promise<void> {
	const locks: LockManager | undefined = navigator.locks;
	if (locks) await locks.request('watchwall.alarm_tone', { ifAvailable: true }, (lock) => (lock ? act() : undefined));
	else await act();
}

export const siren = new Siren();
