/** User names and passwords to try on new devices. A password goes to the site and never comes back. */
import { api, getAll, type CredentialSetPatch, type CredentialSetView, type Failure, type NewCredentialSet } from '$lib/api';

class CredentialSets {
	list = $state.raw<CredentialSetView[]>();
	problem = $state.raw<Failure>();

	async load(): Promise<void> {
		const answer = await getAll<CredentialSetView>('/credential-sets');
		this.problem = answer.kind === 'error' ? answer : undefined;
		if (answer.kind === 'ok') this.list = answer.value;
	}

	/** Answers the set as it is stored, or why it is not. */
	async save(set: NewCredentialSet, edited?: CredentialSetView): Promise<CredentialSetView | Failure | undefined> {
		const patch: CredentialSetPatch = { name: set.name, username: set.username, password: set.password || undefined };
		const answer = edited
			? await api.patch<CredentialSetView>(`/credential-sets/${edited.id}`, patch, { ifMatch: edited.version })
			: await api.post<CredentialSetView>('/credential-sets', set);
		if (answer.kind === 'aborted') return undefined;
		if (answer.kind === 'error') return answer;
		await this.load();
		return answer.value;
	}

	async remove(set: CredentialSetView): Promise<Failure | undefined> {
		const answer = await api.delete(`/credential-sets/${set.id}`);
		await this.load();
		return answer.kind === 'error' ? answer : undefined;
	}
}

export const credentialSets = new CredentialSets();
