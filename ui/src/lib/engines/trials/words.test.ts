import { expect, it } from 'vitest';
import { isUnderWay, reasonWord, trialTone } from './words';

it('knows what is not over', () => {
	expect(['queued', 'running', 'done', 'failed', 'cancelled'].map((state) => isUnderWay({ state }))).toEqual([true, true, false, false, false]);
	expect(['queued', 'running', 'done', 'failed', 'cancelled', 'later'].map((state) => trialTone({ state }))).toEqual(['warning', 'live', 'idle', 'alarm', 'idle', 'idle']);
});

it('takes the word of a reason from what a node says', () => {
	expect(reasonWord('node_lost')).toEqual({ word: 'node_lost', text: 'node_lost' });
	expect(reasonWord('stream_ended: at recording: closed')).toEqual({ word: 'stream_ended', text: 'at recording: closed' });
});
