/** How devices shall be added. */
export class Wish {
	/** Credential sets, in the order they are tried. */
	sets = $state.raw<number[]>([]);
	/** 0: none. */
	group = $state(0);
	record = $state(true);
}
