import { expect, test } from 'vitest';
import { isOnlyHere, startLines } from './start';

test('lines to start a node by', () => {
	const check = (page: string, url: string) => {
		const python = url.startsWith('ws:') ? `python3 ai_node.py ${url} tok-en_1` : undefined;
		expect(startLines(page, 'tok-en_1')).toEqual({ engine: `WATCHWALL_ENGINE_TOKEN=tok-en_1 watchwall-engine run ${url}`, python });
	};
	check('http://10.0.0.5:8080/engines?tab=nodes', 'ws://10.0.0.5:8080/ws/ai-engine');
	check('https://site.example/engines', 'wss://site.example/ws/ai-engine');
	check('http://[fe80::1]:8080/', 'ws://[fe80::1]:8080/ws/ai-engine');
});

test('an address that leads nowhere from elsewhere', () => {
	const check = (page: string, expected: boolean) => expect(isOnlyHere(page), page).toBe(expected);
	check('http://127.0.0.1:8080/', true);
	check('http://127.0.1.1/', true);
	check('http://localhost/', true);
	check('http://[::1]:8080/', true);
	check('http://10.127.0.1/', false);
	check('https://site.example/', false);
});
