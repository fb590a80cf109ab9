import { execFileSync } from 'node:child_process';
import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import { boxOf, burntIn, deckTiles, figures, recordClocks, shownAt, tileStates, watchBoxes } from '../support/playback';

test.use({ cameras: 2, allowedErrors: [[/WebSocket/, /ERR_CONNECTION/, /ERR_INTERNET_DISCONNECTED/, /status of 404/], { scope: 'test' }] });

/** One frame of the clock's streams, and what reading it costs. */
const frameMs = 80;
let end = 0;

test.beforeEach(async ({ page, site }) => {
	end ||= (await recordClocks(site, 12_000)).end;
	await login(page, site);
	await page.goto(`${site.url}/playback?at=${end - 8000}`);
	await expect(deckTiles(page)).toHaveCount(1);
	await expect.poll(() => tileStates(page)).toEqual(['paused']);
});

test('a seek shows the moment that is burnt into the picture', async ({ page }) => {
	for (const jump of [0, 1500, -2700]) {
		const wanted = end - 8000 + jump;
		await page.goto(`${new URL(page.url()).origin}/playback?at=${wanted}`);
		await expect.poll(async () => Math.abs(((await burntIn(page))[0] ?? 0) - wanted), { message: `burnt-in time at ${jump}` }).toBeLessThan(frameMs);
		expect(Math.abs((await shownAt(page)) - wanted)).toBeLessThan(frameMs);
	}
});

test('frames step forwards and back', async ({ page }) => {
	const start = await shownAt(page);
	const times = [start];
	for (const key of ['.', '.', '.', ',', ',', ',']) {
		const before = times.at(-1) ?? 0;
		await page.keyboard.press(key);
		await expect.poll(async () => Math.sign((await shownAt(page)) - before)).toBe(key === '.' ? 1 : -1);
		times.push(await shownAt(page));
		expect(Math.abs((times.at(-1) ?? 0) - before)).toBeLessThan(150);
		await expect.poll(async () => Math.abs(((await burntIn(page))[0] ?? 0) - (times.at(-1) ?? 0))).toBeLessThan(frameMs);
	}
	expect(times.at(-1)).toBe(start);
	expect(times[4]).toBe(times[2]);
});

test('what was found lies on the picture of its moment, after seeks and at any speed, and can be hidden', async ({ page }) => {
	const everyMs = 1000 / 15;
	await page.route(/\/api\/v1\/ai-results\?/, (route) => {
		const query = new URL(route.request().url()).searchParams;
		const [from, to, limit] = [Number(query.get('from')), Number(query.get('cursor') ?? query.get('to')), Number(query.get('limit'))];
		const moments: number[] = [];
		for (let index = Math.ceil(to / everyMs) - 1; Math.round(index * everyMs) >= from && moments.length < limit; index--) moments.push(Math.round(index * everyMs));
		const items = moments.map((at) => ({ at, task_id: 1, camera_id: 1, scene: 'MOTION', node: 'n', is_alarm: true, confidence: 1, objects: [{ label: 'person', score: 0.9, bbox: boxOf(at) }], label_counts: [], problem_counts: [], has_picture: false }));
		return route.fulfill({ json: { items, next_cursor: moments.length === limit ? String(moments.at(-1)) : undefined } });
	});
	await page.reload();
	const boxes = deckTiles(page).getByTestId('boxes');
	await expect(boxes).toHaveAttribute('data-boxes', '1');
	let apart: number[] = [];
	const inStep = async (forMs: number) => {
		await expect.poll(async () => {
			apart = await watchBoxes(page, forMs);
			return apart.length > 0 && Math.max(...apart) < frameMs;
		}, { message: 'boxes in step' }).toBe(true);
	};
	for (const key of ['.', '.', ',']) {
		await page.keyboard.press(key);
		await inStep(1);
	}
	await page.keyboard.press('j');
	await inStep(1);
	for (const speed of ['1', '4']) {
		await page.getByLabel('Speed').selectOption(speed);
		await page.getByRole('button', { name: 'Play', exact: true }).click();
		await expect.poll(() => tileStates(page)).toEqual(['playing']);
		await inStep(500);
		console.log(figures(`box and picture at ${speed}x`, apart));
		await page.getByRole('button', { name: 'Pause' }).click();
	}
	await page.keyboard.press('d');
	await expect(boxes).toHaveCount(0);
	await page.getByRole('button', { name: 'AI boxes on the picture (D)' }).click();
	await expect(boxes).toHaveAttribute('data-boxes', '1');
});

test('several cameras play on one clock, both ways and at other speeds', async ({ page }) => {
	await page.getByRole('complementary', { name: 'Cameras to play' }).getByRole('checkbox').nth(1).check();
	await expect.poll(() => tileStates(page)).toEqual(['paused', 'paused']);
	await page.getByRole('button', { name: 'Play', exact: true }).click();
	await expect.poll(() => tileStates(page)).toEqual(['playing', 'playing']);
	const spreads: number[] = [];
	await expect
		.poll(async () => {
			const [one, other] = await burntIn(page);
			if (one !== undefined && other !== undefined) spreads.push(Math.abs(one - other));
			return spreads.length;
		})
		.toBeGreaterThan(9);
	// The cameras' own frames lie up to one frame apart.
	spreads.sort((a, b) => a - b);
	expect(spreads[Math.floor(spreads.length / 2)]).toBeLessThan(frameMs);
	await page.keyboard.press('k');
	await expect.poll(() => tileStates(page)).toEqual(['paused', 'paused']);
	for (const [speed, button] of [['4', 'Play'], ['-4', 'Play backwards']] as const) {
		await page.getByLabel('Speed').selectOption(speed);
		const before = await shownAt(page);
		await page.getByRole('button', { name: button, exact: true }).click();
		await expect.poll(async () => ((await shownAt(page)) - before) * Number(speed)).toBeGreaterThan(4 * 1000);
		await page.getByRole('button', { name: 'Pause' }).click();
	}
});

test('a marked clip is saved and has its length', async ({ page }) => {
	await page.keyboard.press('i');
	const from = await shownAt(page);
	await page.getByLabel('Speed').selectOption('4');
	await page.getByRole('button', { name: 'Play', exact: true }).click();
	await expect.poll(async () => (await shownAt(page)) - from).toBeGreaterThan(4000);
	await page.getByRole('button', { name: 'Pause' }).click();
	await page.keyboard.press('o');
	const marked = (await shownAt(page)) - from;
	const saved = page.waitForEvent('download');
	await page.getByRole('button', { name: /^Save clip,/ }).click();
	expect((await saved).suggestedFilename()).toMatch(/^\S.* \d{4}-\d{2}-\d{2} \d{2}-\d{2}-\d{2}\.mp4$/);
	const path = await (await saved).path();
	const probe = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'format=duration:stream=codec_type', '-of', 'json', path], { encoding: 'utf8' });
	const { format, streams } = JSON.parse(probe) as { format: { duration: string }; streams: { codec_type: string }[] };
	expect(streams.map(({ codec_type }) => codec_type)).toContain('video');
	// From the key frame before the start, to the end of the frame at its end.
	const length = Number(format.duration) * 1000;
	expect(length).toBeGreaterThan(marked - 150);
	expect(length).toBeLessThan(marked + 2500);
});

test('a clip of nothing is refused on the page', async ({ page, site }) => {
	await page.goto(`${site.url}/playback?at=${end - 86_400_000}`);
	await expect(deckTiles(page)).toHaveCount(1);
	await page.getByRole('complementary', { name: 'Cameras to play' }).getByRole('checkbox').nth(1).check();
	await expect.poll(() => tileStates(page)).toEqual(['gap', 'gap']);
	await page.keyboard.press('i');
	await page.keyboard.press('l');
	await page.keyboard.press('o');
	await page.getByRole('button', { name: /^Save clip,/ }).click();
	await expect(page.getByRole('alert').filter({ hasText: /recording/i })).toBeVisible();
});

test('a clip that cannot be fetched is a message on the page, and can be saved later', async ({ page, context }) => {
	await page.keyboard.press('i');
	const from = await shownAt(page);
	await page.keyboard.press('.');
	await expect.poll(() => shownAt(page)).toBeGreaterThan(from);
	await page.keyboard.press('o');
	const save = page.getByRole('button', { name: /^Save clip,/ });
	await context.setOffline(true);
	await save.click();
	const told = page.getByRole('region', { name: 'Notifications' }).getByRole('alert');
	await expect(told.filter({ hasText: /site/i })).toBeVisible();
	await context.setOffline(false);
	const saved = page.waitForEvent('download');
	await save.click();
	expect(await (await saved).failure()).toBeNull();
});

test('a recording is silent until it is listened to, and then heard with its pictures', async ({ page, site }) => {
	const first = site.cameras.find(({ position }) => position === 0)?.id ?? 0;
	const { streams } = await site.api<{ streams: { path: string; role: string }[] }>('GET', `/cameras/${first}`);
	const path = streams.find(({ role }) => role === 'main')?.path ?? '';
	await site.api('PUT', `/plans/${path}`, { enabled: true });
	let covered: [number, number] | undefined;
	await expect
		.poll(
			async () => {
				const now = Date.now();
				const { tracks } = await site.api<{ tracks: { coverage: [number, number][] }[] }>('GET', `/timeline?paths=${path}&from=${now - 120_000}&to=${now}`);
				covered = tracks[0]?.coverage.at(-1);
				return covered ? covered[1] - covered[0] : 0;
			},
			{ timeout: 30_000 }
		)
		.toBeGreaterThan(8000);
	// The element is beside the page: what plays says so itself.
	await page.addInitScript(() => {
		const play = HTMLMediaElement.prototype.play;
		HTMLMediaElement.prototype.play = function () {
			(window as unknown as { heard: HTMLMediaElement }).heard = this;
			return play.call(this);
		};
	});
	const heard = () =>
		page.evaluate(() => {
			const element = (window as unknown as { heard?: HTMLMediaElement }).heard;
			return element ? { isPaused: element.paused, at: element.currentTime } : undefined;
		});
	await page.goto(`${site.url}/playback?path=${path}&at=${covered?.[0]}`);
	await expect.poll(() => tileStates(page)).toEqual(['paused']);
	await page.getByRole('button', { name: 'Play', exact: true }).click();
	await expect.poll(() => tileStates(page)).toEqual(['playing']);
	expect(await heard()).toBeUndefined();
	await page.keyboard.press('a');
	await expect.poll(async () => (await heard())?.isPaused).toBe(false);
	const start = (await heard())?.at ?? 0;
	await expect.poll(async () => ((await heard())?.at ?? 0) - start).toBeGreaterThan(0.5);
	await page.getByLabel('Speed', { exact: true }).selectOption('2');
	await expect.poll(async () => (await heard())?.isPaused).toBe(true);
	await page.getByLabel('Speed', { exact: true }).selectOption('1');
	await expect.poll(async () => (await heard())?.isPaused).toBe(false);
	await page.getByRole('button', { name: 'Mute (A)' }).click();
	await expect.poll(async () => (await heard())?.isPaused).toBe(true);
	await site.api('PUT', `/plans/${path}`, { enabled: false });
});

test('the timeline zooms, moves and says why there is nothing', async ({ page }) => {
	const timeline = page.getByTestId('timeline');
	const span = async () => Number(await timeline.getAttribute('data-to')) - Number(await timeline.getAttribute('data-from'));
	const box = (await timeline.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
	await page.mouse.move(box.x + box.width / 2, box.y + 10);
	for (let turn = 0; turn < 20; turn++) await page.mouse.wheel(0, -600);
	await expect.poll(span).toBe(10_000);
	for (let turn = 0; turn < 40; turn++) await page.mouse.wheel(0, 600);
	await expect.poll(span).toBe(30 * 86_400_000);
	await page.mouse.move(box.x + 40, box.y + 34);
	await expect(page.getByTestId('preview')).toContainText('without recording');
	const from = Number(await timeline.getAttribute('data-from'));
	await page.mouse.down();
	await page.mouse.move(box.x + 140, box.y + 34, { steps: 5 });
	await page.mouse.up();
	expect(Number(await timeline.getAttribute('data-from'))).toBeLessThan(from);
	await timeline.focus();
	await page.keyboard.press('+');
	await expect.poll(span).toBe(15 * 86_400_000);
});

test('playing into now goes on with what is being recorded', async ({ page }) => {
	await page.getByRole('button', { name: 'To now' }).click();
	await page.getByRole('button', { name: 'Play', exact: true }).click();
	const behind = async () => Date.now() - (await shownAt(page));
	await expect.poll(behind).toBeLessThan(12_000);
	const first = await shownAt(page);
	await expect.poll(async () => (await shownAt(page)) - first, { timeout: 15_000 }).toBeGreaterThan(5000);
	expect(await behind()).toBeLessThan(12_000);
});

for (const language of ['en', 'zh-CN'] as const) {
	test(`the page is accessible: ${language}`, async ({ page }) => {
		await speak(page, language);
		await page.reload();
		await expect.poll(() => tileStates(page)).toEqual(['paused']);
		await expectAccessible(page);
	});
}
