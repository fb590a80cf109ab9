/** Where the preview of a task is watched, and how the site says it stands, while a dialog is open. */
import { api, type AiPreviewView, type Failure } from '$lib/api';

const askMs = 2000;

export class PreviewState {
	/** Undefined until the site said it. */
	path = $state<string>();
	/** `idle`, `starting`, `live`, `silent` or `impossible`. */
	state = $state('starting');
	problem = $state.raw<Failure>();

	/** Until the function it gives is called. */
	follow(task: number): () => void {
		let isLeft = false;
		const ask = async () => {
			const answer = await api.get<AiPreviewView>(`/ai-tasks/${task}/preview`);
			if (isLeft) return;
			if (answer.kind === 'ok') [this.path, this.state, this.problem] = [answer.value.path, answer.value.state, undefined];
			else if (answer.kind === 'error') this.problem = answer;
		};
		const timer = setInterval(() => void ask(), askMs);
		void ask();
		return () => {
			isLeft = true;
			clearInterval(timer);
		};
	}
}
