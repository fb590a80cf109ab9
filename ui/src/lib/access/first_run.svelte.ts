/** What the first run has gathered, and where it stands. Nothing is kept on the site before the administrator is created. */
import { api, type Failure, type SetupFolder } from '$lib/api';
import { locale } from '$lib/i18n';
import { session } from '$lib/state/session.svelte';
import { isPasswordReady } from './password';

export const steps = ['language', 'administrator', 'folder', 'cameras'] as const;
export type Step = (typeof steps)[number];

export class FirstRun {
	step = $state<Step>('language');
	code = $state('');
	username = $state('');
	password = $state('');
	repeat = $state('');
	folder = $state('');
	/** What the site says of the folder that was looked at last. */
	place = $state.raw<SetupFolder>();
	problem = $state.raw<Failure>();
	isBusy = $state(false);
	#looks = 0;

	constructor(code: string) {
		this.code = code;
	}

	/** A window that came with a one-time token proves by its session what others prove by the code. */
	get needsCode(): boolean {
		return session.user === null;
	}

	readonly isAdministratorReady = $derived(
		(!this.needsCode || this.code.trim() !== '') && this.username.trim() !== '' && isPasswordReady(this.password, this.repeat)
	);

	/** A problem of the folder is shown beside it, any other above the step. */
	readonly folderProblem = $derived(this.problem && isAboutFolder(this.problem) ? this.problem : undefined);

	/** Leaves the administrator's step: the code is tried by looking at the default folder. */
	async toFolder(): Promise<void> {
		this.isBusy = true;
		await this.look();
		this.isBusy = false;
		if (!this.problem || isAboutFolder(this.problem)) this.step = 'folder';
	}

	/** Asks about the folder as it is typed; only the newest answer counts. */
	async look(): Promise<void> {
		const look = ++this.#looks;
		const answer = await api.post<SetupFolder>('/setup/folder', { code: this.code.trim(), folder: this.folder.trim() });
		if (look !== this.#looks) return;
		this.place = answer.kind === 'ok' ? answer.value : undefined;
		this.problem = answer.kind === 'error' ? answer : undefined;
		if (answer.kind === 'ok' && this.folder === '') this.folder = answer.value.root;
	}

	/** Creates the administrator and what belongs to it; true when that is done. */
	async finish(): Promise<boolean> {
		this.#looks += 1;
		this.isBusy = true;
		this.problem = undefined;
		const isDefault = this.place !== undefined && this.folder.trim() === this.place.default_folder;
		const answer = await api.post(
			'/setup',
			{
				code: this.code.trim(),
				username: this.username.trim(),
				password: this.password,
				language: locale.language,
				recording_folder: isDefault ? undefined : this.folder.trim()
			},
			{ timeoutMs: 30_000 }
		);
		this.isBusy = false;
		if (answer.kind === 'error') {
			this.problem = answer;
			if (!isAboutFolder(answer)) this.step = 'administrator';
		}
		return answer.kind === 'ok';
	}
}

function isAboutFolder({ code, params }: Failure): boolean {
	return code.startsWith('volume_') || params.field === 'recording_folder' || params.field === 'folder';
}
