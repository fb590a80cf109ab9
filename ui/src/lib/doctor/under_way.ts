/** Cameras whose examination goes on while nobody looks at it, and its number. */
export const underWay = new Map<number, number>();
