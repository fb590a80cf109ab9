/** What this browser remembers for its user. Never holds anything secret. */
import { mutesOf, type Mute } from '$lib/alarms/sound/mute';

export type Theme = 'dark' | 'light';
/** How live pictures are decoded; `auto` measures. */
export type PlayerChoice = 'auto' | 'mse' | 'webcodecs';

interface Stored {
	theme?: Theme;
	language?: string;
	navCollapsed?: boolean;
	treeHidden?: boolean;
	player?: PlayerChoice;
	lastWall?: string;
	boxesHidden?: number[];
	mutes?: Mute[];
}

const key = 'watchwall.preferences';
/** The oldest are forgotten. */
const mostHidden = 500;

class Preferences {
	#stored = $state<Stored>({});

	constructor() {
		try {
			const value: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
			if (typeof value === 'object' && value !== null) this.#stored = value as Stored;
		} catch {
			// No storage, or not ours: start fresh.
		}
	}

	/** Another window of this browser switched the alarm sound off or on: it is one computer that is heard. */
	follow(event: StorageEvent): void {
		if (event.key !== key || !event.newValue) return;
		try {
			const { mutes } = JSON.parse(event.newValue) as Stored;
			this.#stored = { ...this.#stored, mutes };
		} catch {
			// Not ours.
		}
	}

	#set(change: Stored): void {
		this.#stored = { ...this.#stored, ...change };
		try {
			localStorage.setItem(key, JSON.stringify(this.#stored));
		} catch {
			// Storage is full or forbidden; the choice lasts as long as the page.
		}
	}

	get theme(): Theme {
		return this.#stored.theme === 'light' ? 'light' : 'dark';
	}
	set theme(theme: Theme) {
		this.#set({ theme });
		this.applyTheme();
	}

	applyTheme(): void {
		document.documentElement.dataset.theme = this.theme;
	}

	get language(): string | undefined {
		return this.#stored.language;
	}
	set language(language: string | undefined) {
		this.#set({ language });
	}

	get navCollapsed(): boolean {
		// On a small screen the room belongs to the pictures.
		return this.#stored.navCollapsed ?? innerWidth < 1600;
	}
	set navCollapsed(navCollapsed: boolean) {
		this.#set({ navCollapsed });
	}

	get treeHidden(): boolean {
		return this.#stored.treeHidden ?? false;
	}
	set treeHidden(treeHidden: boolean) {
		this.#set({ treeHidden });
	}

	get player(): PlayerChoice {
		return this.#stored.player ?? 'auto';
	}
	set player(player: PlayerChoice) {
		this.#set({ player });
	}

	/** What AI engines find is not drawn over this camera's picture. */
	hidesBoxes(cameraId: number): boolean {
		return this.#stored.boxesHidden?.includes(cameraId) ?? false;
	}
	toggleBoxes(cameraId: number): void {
		const others = (this.#stored.boxesHidden ?? []).filter((id) => id !== cameraId);
		this.#set({ boxesHidden: this.hidesBoxes(cameraId) ? others : [...others, cameraId].slice(-mostHidden) });
	}

	/** Alarms that are not heard here for a while; some of them may be over. */
	get mutes(): Mute[] {
		return mutesOf(this.#stored.mutes);
	}
	set mutes(mutes: Mute[]) {
		this.#set({ mutes });
	}

	/** The wall as it was left, JSON of a wall arrangement. */
	get lastWall(): string | undefined {
		return this.#stored.lastWall;
	}
	set lastWall(lastWall: string | undefined) {
		this.#set({ lastWall });
	}
}

export const preferences = new Preferences();
