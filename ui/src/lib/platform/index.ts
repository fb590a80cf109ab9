/** The only door to the desktop shell. */
import { browser } from './browser';
import { desktop } from './desktop';
import type { Platform } from './types';

export type { Platform } from './types';

export const platform: Platform = typeof window !== 'undefined' && window.__TAURI_INTERNALS__ !== undefined ? desktop : browser;
