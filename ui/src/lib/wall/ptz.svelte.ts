/**
 * Moving one camera from its tile. A move is repeated while it is held, because the site stops a camera that hears nothing
 * for a second; letting go stops it at once. One request at a time, in order: a stop never overtakes a move.
 */
import { api, type Failure, type PresetView, type PtzAnswer, type PtzCommand, type PtzLock, type PtzView } from '$lib/api';
import { isStill, still, type Speed } from './ptz_aim';

const repeatMs = 350;
const wheelRestMs = 260;

export class PtzControl {
	view = $state.raw<PtzView>();
	presets = $state.raw<PresetView[]>([]);
	lock = $state.raw<PtzLock>();
	problem = $state.raw<Failure>();
	/** What is asked for at this moment. */
	speed = $state.raw<Speed>(still);
	#isLooping = false;
	#isOpen = false;
	#wake: (() => void) | undefined;
	#wheel: ReturnType<typeof setTimeout> | undefined;
	#once: PtzCommand[] = [];

	constructor(readonly cameraId: number) {}

	async open(): Promise<void> {
		this.#isOpen = true;
		this.problem = undefined;
		const [view, presets] = await Promise.all([api.get<PtzView>(`/cameras/${this.cameraId}/ptz`), api.get<PresetView[]>(`/cameras/${this.cameraId}/ptz/presets`)]);
		if (view.kind === 'ok') {
			this.view = view.value;
			this.lock = view.value.lock ?? undefined;
		} else if (view.kind === 'error') this.problem = view;
		if (presets.kind === 'ok') this.presets = presets.value;
	}

	/** Stops, and gives control back. */
	close(): void {
		if (!this.#isOpen) return;
		this.#isOpen = false;
		clearTimeout(this.#wheel);
		this.steer(still);
		this.#order({ action: 'release' });
	}

	/** Goes on until it is called with `still`. */
	steer(speed: Speed): void {
		const { pan, tilt, zoom } = this.speed;
		if (pan === speed.pan && tilt === speed.tilt && zoom === speed.zoom) return;
		const wasMoving = !isStill(this.speed);
		this.speed = speed;
		if (isStill(speed) && wasMoving) this.#order({ action: 'stop' });
		else this.#run();
	}

	/** Zooms for as long as the wheel turns. */
	wheel(direction: number): void {
		this.steer({ ...still, zoom: direction });
		clearTimeout(this.#wheel);
		this.#wheel = setTimeout(() => this.steer(still), wheelRestMs);
	}

	centre(x: number, y: number): void {
		this.#order({ action: 'centre', x, y });
	}

	home(): void {
		this.#order({ action: 'home' });
	}

	/** From 1, as the keys are labelled. False where there is none. */
	preset(number: number): boolean {
		const preset = this.presets[number - 1];
		if (preset) this.#order({ action: 'preset', token: preset.token });
		return preset !== undefined;
	}

	#order(command: PtzCommand): void {
		this.#once.push(command);
		this.#run();
	}

	#run(): void {
		this.#wake?.();
		if (!this.#isLooping) void this.#loop();
	}

	async #loop(): Promise<void> {
		this.#isLooping = true;
		for (;;) {
			const once = this.#once.shift();
			if (once) await this.#send(once);
			else if (!isStill(this.speed)) {
				const sent = this.speed;
				const isTaken = await this.#send({ action: 'move', ...sent });
				// A refusal is not repeated until something else is asked for.
				if (!isTaken && this.speed === sent) this.speed = still;
				else if (this.speed === sent && this.#once.length === 0) await this.#rest();
			} else break;
		}
		this.#isLooping = false;
	}

	/** Until the move has to be repeated, or something else is asked for. */
	#rest(): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, repeatMs);
			this.#wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}

	async #send(command: PtzCommand): Promise<boolean> {
		const answer = await api.post<PtzAnswer>(`/cameras/${this.cameraId}/ptz`, command, { timeoutMs: 5000 });
		if (answer.kind === 'ok') {
			this.problem = undefined;
			this.lock = answer.value.lock ?? undefined;
			return !answer.value.limited;
		}
		if (answer.kind === 'error' && this.#isOpen) this.problem = answer;
		return false;
	}
}
