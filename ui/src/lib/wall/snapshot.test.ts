import { expect, test } from 'vitest';
import { fileName } from './snapshot';

test('a snapshot is named after camera and local time', () => {
	const check = (name: string, expected: string) => expect(fileName(name, new Date(2026, 10, 5, 4, 3, 9))).toBe(expected);
	check('Gate', 'Gate 2026-11-05 04-03-09.jpg');
	check('Hall 1/2: "left"', 'Hall 1_2_ _left_ 2026-11-05 04-03-09.jpg');
	check('大门', '大门 2026-11-05 04-03-09.jpg');
	check('  ', 'camera 2026-11-05 04-03-09.jpg');
});
