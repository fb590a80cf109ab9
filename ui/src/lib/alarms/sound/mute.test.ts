import { expect, test } from 'vitest';
import { holding, isMuted, mutesOf, withMute, withoutMute, type Mute } from './mute';

const mute = (change: Partial<Mute> = {}): Mute => ({ until: 1000, reason: 'wind', ...change });

test('a mute is of all alarms, or of a source, a camera, or a source of a camera', () => {
	const check = (of: Partial<Mute>, expected: boolean[]) => {
		const alarms = [{ source: 'ai', camera_id: 1 }, { source: 'ai', camera_id: 2 }, { source: 'health', camera_id: 1 }, { source: 'login' }];
		expect(alarms.map((alarm) => isMuted(alarm, [mute(of)], 500)), JSON.stringify(of)).toEqual(expected);
	};
	check({}, [true, true, true, true]);
	check({ source: 'ai' }, [true, true, false, false]);
	check({ camera: 1 }, [true, false, true, false]);
	check({ source: 'ai', camera: 1 }, [true, false, false, false]);
	check({ until: 500 }, [false, false, false, false]);
});

test('silence ends by itself, and the newest word counts', () => {
	expect(holding([mute({ until: 5 }), mute({ until: 10 })], 5)).toEqual([mute({ until: 10 })]);
	const two = withMute([mute({ until: 400 }), mute({ until: 900 })], mute({ source: 'ai' }), 500);
	expect(two).toEqual([mute({ until: 900 }), mute({ source: 'ai' })]);
	expect(withMute(two, mute({ until: 700, reason: 'rain' }), 500)).toEqual([mute({ until: 700, reason: 'rain' }), mute({ source: 'ai' })]);
	expect(withoutMute(two, mute({ until: 1, source: 'ai' }))).toEqual([mute({ until: 900 })]);
});

test('what is kept is bounded, and what is not ours is left out', () => {
	let many: Mute[] = [];
	for (let camera = 1; camera <= 30; camera++) many = withMute(many, mute({ camera, until: 1000 + camera }), 0);
	expect([many.length, many[0]?.camera]).toEqual([20, 11]);
	expect(mutesOf([mute(), null, 5, { until: '1', reason: '' }, { until: 1 }])).toEqual([mute()]);
	expect(mutesOf({ until: 1 })).toEqual([]);
});
