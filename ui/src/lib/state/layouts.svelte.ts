/** Saved layouts, private and shared, kept in step with the site. */
import { api, getAll, type Failure, type GridView, type LayoutView, type Result } from '$lib/api';

class Layouts {
	list = $state.raw<LayoutView[]>([]);
	problem = $state<Failure | null>(null);

	async load(): Promise<void> {
		const answer = await getAll<LayoutView>('/layouts');
		if (answer.kind === 'ok') {
			this.list = answer.value;
			this.problem = null;
		} else if (answer.kind === 'error') this.problem = answer;
	}

	async create(name: string, shared: boolean, grid: GridView): Promise<Result<LayoutView>> {
		const answer = await api.post<LayoutView>('/layouts', { name, shared, grid });
		if (answer.kind === 'ok') this.list = [...this.list, answer.value];
		return answer;
	}

	/** What is left out stays as it is. */
	async update(layout: LayoutView, change: Partial<Pick<LayoutView, 'name' | 'shared' | 'grid'>>): Promise<Result<LayoutView>> {
		const { id, name, shared, grid, version } = layout;
		const answer = await api.put<LayoutView>(`/layouts/${id}`, { name, shared, grid, ...change }, { ifMatch: version });
		if (answer.kind === 'ok') this.list = this.list.map((one) => (one.id === id ? answer.value : one));
		return answer;
	}

	async remove(layout: LayoutView): Promise<Result<unknown>> {
		const answer = await api.delete(`/layouts/${layout.id}`, { ifMatch: layout.version });
		if (answer.kind === 'ok') this.list = this.list.filter((one) => one.id !== layout.id);
		return answer;
	}
}

export const layouts = new Layouts();
