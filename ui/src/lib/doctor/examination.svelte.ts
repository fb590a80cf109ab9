/** One camera that is being examined, or was: its lines as they come, and what is being mended. */
import { api, type DoctorLineView, type DoctorMendOrder, type DoctorProgress, type DoctorView, type Failure, type LastDoctorView, type NewDoctor, type NotifyServerMessage } from '$lib/api';
import { follow } from '$lib/onboarding/feed';
import { session } from '$lib/state/session.svelte';
import { lineKey, mergedLines, nothingRaised, raised } from './lines';
import { underWay } from './under_way';

/** A mend waits for the device, which may restart its encoder first. */
const mendMs = 60_000;

export class Examination {
	progress = $state.raw<DoctorProgress>();
	lines = $state.raw<DoctorLineView[]>([]);
	/** Since it began. */
	worst = $state.raw(nothingRaised);
	/** Why it could not begin or be read. */
	problem = $state.raw<Failure>();
	/** The line whose mend is on its way to the device. */
	mending = $state<string>();
	/** The line whose mend did not work, and why. */
	refusal = $state.raw<{ key: string; problem: Failure }>();
	isAsking = $state(false);
	isLoaded = $state(false);
	#unfollow: (() => void) | undefined;
	/** Lines that the site told by itself while an answer was on its way: that answer is older. */
	#told: DoctorLineView[] | undefined;

	get isRunning(): boolean {
		return this.isAsking || this.progress?.state === 'running';
	}

	get view(): DoctorView | undefined {
		return this.progress && { ...this.progress, lines: this.lines };
	}

	/** What is known of a camera: an examination under way, or the last one. */
	async load(cameraId: number): Promise<void> {
		const running = underWay.get(cameraId);
		const answer = running ? await api.get<DoctorView>(`/doctor/${running}`) : undefined;
		if (answer?.kind === 'ok' && answer.value.state === 'running') this.#hold(answer.value);
		else {
			underWay.delete(cameraId);
			const last = await api.get<LastDoctorView>(`/cameras/${cameraId}/doctor`);
			this.problem = last.kind === 'error' ? last : undefined;
			if (last.kind === 'ok' && last.value.report) this.#hold(last.value.report);
		}
		this.isLoaded = true;
		// Who may only read hears no news of it.
		if (this.progress?.id && session.can('configure')) this.#listen();
	}

	async start(order: NewDoctor): Promise<void> {
		this.isAsking = true;
		this.problem = undefined;
		this.refusal = undefined;
		this.#listen();
		const answer = await api.post<DoctorView>('/doctor', order);
		this.isAsking = false;
		if (answer.kind === 'error') this.problem = answer;
		if (answer.kind !== 'ok') return;
		this.#hold(answer.value);
		// Between the answer and the first news nothing is lost.
		await this.#read();
	}

	async mend(line: DoctorLineView, order: DoctorMendOrder): Promise<boolean> {
		const key = lineKey(line);
		this.mending = key;
		this.refusal = undefined;
		const answer = await api.post<DoctorView>(`/doctor/${this.progress?.id ?? 0}/mends`, order, { timeoutMs: mendMs });
		this.mending = undefined;
		if (answer.kind === 'error') this.refusal = { key, problem: answer };
		if (answer.kind !== 'ok') return false;
		// News of the second look may have come before this answer.
		await this.#read();
		return true;
	}

	async cancel(): Promise<void> {
		if (this.progress?.state === 'running') await api.delete(`/doctor/${this.progress.id}`);
	}

	/** A camera's examination goes on and is found again. */
	close(): void {
		this.#unfollow?.();
		this.#unfollow = undefined;
	}

	#listen(): void {
		this.#unfollow ??= follow(['doctor'], { hear: (message) => this.#hear(message), connected: () => void this.#read() });
	}

	#hear(message: NotifyServerMessage): void {
		if (message.type !== 'doctor_changed' || message.job.id !== this.progress?.id) return;
		this.#told = mergedLines(this.#told ?? [], message.lines);
		this.#show(mergedLines(this.lines, message.lines));
		this.#keep(message.job);
	}

	/** Another examination than before: nothing of the old one stays. */
	#hold(view: DoctorView): void {
		this.#told = undefined;
		this.worst = nothingRaised;
		this.#show(mergedLines([], view.lines));
		this.#keep(view);
	}

	#show(lines: DoctorLineView[]): void {
		this.lines = lines;
		this.worst = raised(this.worst, lines);
	}

	#keep(progress: DoctorProgress): void {
		this.progress = progress;
		const camera = progress.camera_id ?? 0;
		if (progress.state === 'running' && camera) underWay.set(camera, progress.id);
		else underWay.delete(camera);
	}

	async #read(): Promise<void> {
		const id = this.progress?.id;
		if (!id) return;
		this.#told = undefined;
		const answer = await api.get<DoctorView>(`/doctor/${id}`);
		if (this.progress?.id !== id || answer.kind !== 'ok') return;
		const told: DoctorLineView[] | undefined = this.#told;
		this.#show(mergedLines(mergedLines(this.lines, answer.value.lines), told ?? []));
		if (!told) this.#keep(answer.value);
	}
}
