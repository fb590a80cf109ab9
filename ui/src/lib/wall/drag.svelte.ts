/** What is being dragged over the wall right now: cameras from the list, or a tile. */
export type Dragged = { kind: 'cameras'; ids: number[] } | { kind: 'tile'; index: number };

class Drag {
	held = $state.raw<Dragged | null>(null);

	start(event: DragEvent, dragged: Dragged): void {
		this.held = dragged;
		// Firefox and WebKit start a drag only when it carries data.
		event.dataTransfer?.setData('text/plain', 'watchwall');
		if (event.dataTransfer) event.dataTransfer.effectAllowed = 'move';
	}

	end(): void {
		this.held = null;
	}
}

export const drag = new Drag();
