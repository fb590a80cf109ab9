/** Short notes at the edge of the screen. At most four at a time; the oldest makes room. */
import { errorText, type Failure } from '$lib/api';

export interface Toast {
	id: number;
	kind: 'info' | 'success' | 'error';
	text: string;
	next?: string;
	action?: { label: string; act: () => void };
}

const most = 4;

class Toasts {
	list = $state.raw<Toast[]>([]);
	#next = 1;
	#timers = new Map<number, ReturnType<typeof setTimeout>>();

	show(toast: Omit<Toast, 'id'>): number {
		const id = this.#next++;
		this.list = [...this.list, { ...toast, id }].slice(-most);
		const stayMs = toast.action ? 10_000 : toast.kind === 'error' ? 12_000 : 5000;
		this.#timers.set(id, setTimeout(() => this.close(id), stayMs));
		return id;
	}

	failure(problem: Failure): void {
		const text = errorText(problem.code, problem.params);
		this.show({ kind: 'error', text: text.sentence, next: text.next });
	}

	close(id: number): void {
		clearTimeout(this.#timers.get(id));
		this.#timers.delete(id);
		this.list = this.list.filter((toast) => toast.id !== id);
	}
}

export const toasts = new Toasts();
