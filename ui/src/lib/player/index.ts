export type { PlayerState } from './state';
export type { Step } from './healing';
export type { Role, PlayerSource, PlayerStats, LivePlayer } from './player';
export type { ShownPicture } from './stage';
export { pool } from './pool';
