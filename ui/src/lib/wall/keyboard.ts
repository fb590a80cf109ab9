/** Every act of the wall by keyboard. Keys typed into a field or a dialog are not ours. */
import { alarms } from '$lib/alarms/alarms.svelte';
import { showAlarm } from '$lib/alarms/show';
import { cameras } from '$lib/state/cameras.svelte';
import { stage } from '$lib/state/stage.svelte';
import { neighbour, type Direction } from './grid';
import type { PtzControl } from './ptz.svelte';
import { forgetKeys, ptzKeyDown, ptzKeyUp } from './ptz_keys';
import type { TileView } from './tile.svelte';
import { wall } from './wall.svelte';

export interface TileHandle {
	view: TileView;
	snapshot: () => void;
	/** Scales the picture by this factor; 0 shows all of it. */
	zoom: (factor: number) => void;
	/** Moves the picture by parts of the tile; false when all of it is shown. */
	pan: (dx: number, dy: number) => boolean;
	/** Shows or hides what AI engines find. */
	boxes: () => void;
	/** Of a camera that can be moved by whoever is logged in. */
	ptz: () => PtzControl | undefined;
}

export interface Keyboard {
	handles: ReadonlyMap<number, TileHandle>;
	focusSelected: () => void;
	/** The number being typed, for the screen; empty when it is over. */
	oncall: (text: string) => void;
	/** `/`: to the search field. `?`: the list of keys. */
	onsearch: () => void;
	onhelp: () => void;
}

const arrows: Record<string, Direction> = { ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down' };
const callPauseMs = 900;
let typed = '';
let timer: ReturnType<typeof setTimeout> | undefined;

function isOurs(event: KeyboardEvent): boolean {
	if (event.defaultPrevented || event.altKey || event.metaKey) return false;
	const target = event.target instanceof Element ? event.target : undefined;
	if (target?.closest('input, textarea, select, dialog, [role="menu"], [contenteditable]')) return false;
	// The list of cameras moves by arrows of its own.
	if (target?.closest('[role="tree"]') && /^(Arrow|Enter$|Home$|End$| $)/.test(event.key)) return false;
	// Enter and Space belong to the button that has the focus.
	return !((event.key === 'Enter' || event.key === ' ') && target?.closest('button, a, summary'));
}

export function onWallKey(event: KeyboardEvent, board: Keyboard): void {
	if (!isOurs(event)) return;
	if (event.ctrlKey) {
		if (event.key.toLowerCase() !== 'z') return;
		wall.undo();
	} else if (!act(event, board)) return;
	event.preventDefault();
}

export function onWallKeyUp(event: KeyboardEvent, board: Keyboard): void {
	ptzKeyUp(event, movedOf(board));
}

export function onWallBlur(board: Keyboard): void {
	forgetKeys(movedOf(board));
}

/** The camera that keys move now. */
function movedOf(board: Keyboard): PtzControl | undefined {
	return wall.ptz === wall.selected ? board.handles.get(wall.selected)?.ptz() : undefined;
}

/** False for a key without a meaning here. */
function act(event: KeyboardEvent, board: Keyboard): boolean {
	const tile = board.handles.get(wall.selected);
	const ptz = movedOf(board);
	if (ptz && ptzKeyDown(event, ptz)) return true;
	const direction = arrows[event.key];
	if (direction) {
		const [dx, dy] = { left: [0.2, 0], right: [-0.2, 0], up: [0, 0.2], down: [0, -0.2] }[direction] as [number, number];
		if (event.shiftKey && tile?.pan(dx, dy)) return true;
		wall.select(neighbour(wall.grid, wall.selected, direction));
		queueMicrotask(board.focusSelected);
		return true;
	}
	if (/^[0-9]$/.test(event.key)) {
		type(event.key, board.oncall);
		return true;
	}
	switch (event.key.length === 1 ? event.key.toLowerCase() : event.key) {
		case 'Enter':
			if (typed) call(board.oncall);
			else wall.enlarged = wall.enlarged === wall.selected || !tile ? null : wall.selected;
			return true;
		case 'Escape':
			if (typed) forget(board.oncall);
			else if (ptz) wall.ptz = null;
			else if (wall.enlarged !== null) wall.enlarged = null;
			else void stage.setFull(false);
			return true;
		case 'Delete':
		case 'Backspace':
			wall.remove(wall.selected);
			return true;
		case ' ':
			tile?.view.toggleHeld();
			return true;
		case 'p':
			if (!event.repeat && tile?.ptz()) wall.togglePtz(wall.selected);
			return true;
		case 'r':
			tile?.view.toggleReplay();
			return true;
		case 's':
			tile?.snapshot();
			return true;
		case 'a':
			wall.toggleListening(wall.selected);
			return true;
		case 'f':
			void stage.setFull(!stage.isFull);
			return true;
		case 'l':
			wall.togglePin(wall.selected);
			return true;
		case 'n':
			return goToAlarm();
		case '+':
		case '=':
			tile?.zoom(1.5);
			return true;
		case '-':
			tile?.zoom(1 / 1.5);
			return true;
		case '.':
			tile?.zoom(0);
			return true;
		case '/':
			board.onsearch();
			return true;
		case '?':
			board.onhelp();
			return true;
		case 'b':
			tile?.boxes();
			return true;
		case 'i':
			tile?.view.toggleStats();
			return true;
		default:
			return false;
	}
}

/** The worst alarm of the selected camera that nobody acknowledged. */
function goToAlarm(): boolean {
	const alarm = alarms.byCamera[wall.grid.tiles[wall.selected]?.camera_id ?? 0];
	if (alarm) showAlarm(alarm.id);
	return alarm !== undefined;
}

function type(digit: string, oncall: Keyboard['oncall']): void {
	typed = (typed + digit).slice(-4);
	oncall(typed);
	clearTimeout(timer);
	timer = setTimeout(() => call(oncall), callPauseMs);
}

/** A camera keeps its number for life; the list shows it. */
function call(oncall: Keyboard['oncall']): void {
	const camera = cameras.byId.get(Number(typed));
	const number = typed;
	forget(oncall);
	if (camera) wall.place(wall.selected, [camera.id]);
	else oncall(`?${number}`);
}

function forget(oncall: Keyboard['oncall']): void {
	clearTimeout(timer);
	typed = '';
	oncall('');
}
