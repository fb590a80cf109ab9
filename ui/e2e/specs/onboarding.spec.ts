// An installer on an unknown network: search, tick, one login, add, see what is wrong with two, mend one, watch the rest.
import type { Page } from '@playwright/test';
import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import { TestSite } from '../support/site';
import { languages, wordsOf } from '../support/words';
import { allPlaying, setLayout, tile } from '../support/wall';

// The port that nobody listens on any more is the browser's to note, not ours.
test.use({ allowedErrors: [/status of (404|409|422|423|50[0-9])/] });

// Devices are told apart by their number in their farm: of the second farm only the fifteenth is searched for.
const net = '127.0.7';
const odd = '127.0.8.15';
const ranges = `${net}.1-14, ${net}.16, ${odd}`;
const good = { username: 'viewer', password: 'a:b@c/%&<>"密码' };
const other = { username: 'viewer', password: 'another one' };

let site: TestSite;
test.beforeEach(async () => {
	site = await TestSite.start({
		cameras: 0,
		devices: [
			{ count: 16, ip: `${net}.1`, ...good },
			{ count: 15, ip: '127.0.8.1', ...other }
		]
	});
});
test.afterEach(async ({ page }) => {
	await page.close();
	await site.stop();
});

async function shot(page: Page, name: string, language: string): Promise<void> {
	for (const { width, height } of [{ width: 1920, height: 1080 }, { width: 1280, height: 720 }]) {
		await page.setViewportSize({ width, height });
		expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name} is wider than the window`).toBeLessThanOrEqual(0);
		await page.screenshot({ path: `test-results/screens/${name}-${language}-${width}.png` });
	}
}

/** Where the device says that it looks. */
async function look(cameraId: number): Promise<{ pan: number; tilt: number; zoom: number }> {
	const { position } = await site.api<{ position: { pan: number; tilt: number; zoom: number } }>('GET', `/cameras/${cameraId}/ptz`);
	return position;
}

for (const language of languages) {
	test(`from an unknown network to a wall of fifteen, in ${language}`, async ({ page }) => {
		test.setTimeout(300_000);
		const t = wordsOf(language);
		await speak(page, language);
		await login(page, site);

		// An empty wall leads here. What answers on the machine's own networks is left alone.
		await page.goto(`${site.url}/wall`);
		await page.getByRole('button', { name: t('cameras.find') }).click();
		await page.getByRole('searchbox', { name: t('find.filter') }).fill('127.0.');
		await page.getByLabel(t('find.ranges'), { exact: true }).fill(ranges);
		await page.getByLabel(t('find.port'), { exact: true }).fill(String(site.discoveryPort));
		await page.getByRole('button', { name: t('find.ranges.search') }).click();
		const rows = page.locator('tbody tr');
		await expect(rows).toHaveCount(16, { timeout: 20_000 });
		await expect(rows.filter({ hasText: t('find.state.new') })).toHaveCount(16);
		await expectAccessible(page);
		await shot(page, 'find', language);

		// The last device is unplugged after it answered.
		await site.unplug(15);
		await page.getByRole('checkbox', { name: t('ui.table.choose_all') }).focus();
		await page.keyboard.press('Space');

		await page.getByRole('button', { name: t('logins.add') }).click();
		const dialog = page.getByRole('dialog', { name: t('logins.add') });
		await dialog.locator('[name=set_username]').fill(good.username);
		await dialog.locator('[name=set_password]').fill(good.password);
		await dialog.getByRole('button', { name: t('ui.save') }).click();
		await expect(page.getByRole('checkbox', { name: good.username })).toBeChecked();
		await page.getByRole('button', { name: t('find.add', { count: 16 }) }).click();

		const said = (added: number, failed: number) => t('batch.summary', { good: t('batch.added', { count: added }), bad: t('batch.failed', { count: failed }) });
		const summary = page.getByTestId('batch-summary');
		await expect(summary).toHaveAttribute('data-state', 'done', { timeout: 120_000 });
		await expect(summary).toHaveText(said(14, 2));
		const bad = page.locator('[data-testid=batch-row][data-state=failed]');
		await expect(bad).toHaveCount(2);
		const refused = bad.filter({ hasText: odd });
		await expect(refused).toHaveAttribute('data-code', /^credentials_(wrong|exhausted)$/);
		await expect(refused).toContainText(t('cameras.probe.failed_at', { step: t('onboarding.step.AUTHENTICATE') }));
		const dead = bad.filter({ hasText: `${net}.16` });
		await expect(dead).toHaveAttribute('data-code', 'port_refused');
		await expect(dead).toContainText(t('cameras.probe.failed_at', { step: t('onboarding.step.REACH') }));
		await expectAccessible(page);
		await refused.scrollIntoViewIfNeeded();
		await shot(page, 'added', language);

		// One is mended in its row.
		await refused.getByRole('button', { name: t('batch.mend.login') }).click();
		const fifteenth = page.locator('[data-testid=batch-row]').filter({ hasText: odd });
		await fifteenth.locator('[name=mend_username]').fill(other.username);
		await fifteenth.locator('[name=mend_password]').fill(other.password);
		await shot(page, 'mend', language);
		await fifteenth.getByRole('button', { name: t('batch.mend.try') }).click();
		await expect(summary).toHaveText(said(15, 1), { timeout: 60_000 });
		const report = page.getByRole('link', { name: t('batch.report') });
		const download = page.waitForEvent('download');
		await report.click();
		expect((await download).suggestedFilename()).toContain('.csv');

		await page.getByRole('button', { name: t('setup.finish') }).click();
		await allPlaying(page, 15, 60_000);
		const recorded = async () => {
			const { items } = await site.api<{ items: { streams: { role: string; status: { recording: string } }[] }[] }>('GET', '/cameras?limit=500');
			return items.flatMap(({ streams }) => streams).filter(({ role, status }) => role === 'main' && status.recording === 'recording').length;
		};
		await expect.poll(recorded, { timeout: 60_000 }).toBe(15);
		await shot(page, 'wall-found', language);
		const { items } = await site.api<{ items: { id: number; streams: { path: string }[] }[] }>('GET', '/cameras?limit=500');
		expect(items).toHaveLength(15);
		expect(items.map(({ streams }) => streams.length)).toEqual(items.map(() => 2));
	});
}

test('one address finds the device behind it, its channels and what they send', async ({ page }) => {
	await login(page, site);
	await page.goto(`${site.url}/cameras`);
	await page.getByRole('button', { name: 'Add camera' }).click();
	const dialog = page.getByRole('dialog', { name: 'Add camera' });
	await dialog.getByLabel('Address or stream URL').fill(new URL(site.devices[2]?.url ?? '').host);
	await dialog.getByRole('button', { name: 'Look at it' }).click();
	await expect(dialog.getByTestId('probe-problem')).toHaveAttribute('data-code', 'credentials_missing', { timeout: 30_000 });
	await dialog.locator('[name=camera_username]').fill(good.username);
	await dialog.locator('[name=camera_password]').fill(good.password);
	await dialog.getByRole('button', { name: 'Look at it' }).click();
	const found = dialog.getByTestId('device-found');
	await expect(found).toContainText('Camsim CS-IPC', { timeout: 30_000 });
	await expect(found).toContainText('H.264');
	await expect(found.getByRole('checkbox')).toBeChecked();
	await expectAccessible(page);
	await shot(page, 'add-address', 'en');
	await dialog.getByRole('button', { name: 'Save', exact: true }).click();
	await expect(dialog).toBeHidden({ timeout: 60_000 });
	await expect(page.locator('tbody tr')).toHaveCount(1);
	await expect(page.locator('tbody tr')).toContainText('Online', { timeout: 60_000 });
	await shot(page, 'cameras-found', 'en');
});

/** Adds the first device and answers its camera. */
async function onboard(): Promise<{ id: number; name: string; device_id: number; ptz: boolean }> {
	const rows = site.devices.slice(0, 1).map(({ url }) => ({ address: url, ...good }));
	const job = await site.api<{ id: number }>('POST', '/onboarding', { rows, record: false });
	await expect.poll(async () => (await site.api<{ state: string }>('GET', `/onboarding/${job.id}`)).state, { timeout: 60_000 }).toBe('done');
	const { items } = await site.api<{ items: { id: number; name: string; device_id: number; ptz: boolean }[] }>('GET', '/cameras');
	const [camera] = items;
	if (!camera) throw new Error('the device was not added');
	return camera;
}

for (const language of languages) {
	test(`a camera's page shows and sets what its device can, in ${language}`, async ({ page }) => {
		test.setTimeout(240_000);
		const t = wordsOf(language);
		const camera = await onboard();
		await speak(page, language);
		await login(page, site);
		const open = async (room: string) => {
			await page.goto(`${site.url}/cameras/${camera.id}?room=${room}`);
			await expect(page.getByRole('tab', { name: t(`camera.tab.${room}`) })).toHaveAttribute('aria-selected', 'true');
			await expect(page.getByText(t('camera.asking'))).toHaveCount(0, { timeout: 30_000 });
		};
		const saw = async (room: string) => {
			await expectAccessible(page);
			await shot(page, `camera-${room}`, language);
		};

		await open('streams');
		await expect(page.getByLabel(t('facts.sub'))).not.toHaveValue('');
		await saw('streams');
		await open('health');
		await expect(page.getByText(t('camera.health.online')).first()).toBeVisible({ timeout: 60_000 });
		await saw('health');

		await open('device');
		await expect(page.getByText('Camsim', { exact: true })).toBeVisible();
		await page.getByRole('button', { name: t('device.clock.to_ours') }).click();
		await expect(page.getByText(t('device.clock.set'))).toBeVisible();
		await saw('device');

		await open('picture');
		const brightness = page.getByLabel(t('imaging.brightness'));
		await brightness.focus();
		const before = Number(await brightness.inputValue());
		await page.keyboard.press('ArrowRight');
		await expect.poll(async () => (await site.api<{ settings: { brightness: number } }>('GET', `/cameras/${camera.id}/imaging`)).settings.brightness).toBeGreaterThan(before);
		await page.getByRole('button', { name: t('osd.add') }).click();
		await page.locator('[name=osd_text]').fill('东门 East gate');
		await page.getByRole('dialog').getByRole('button', { name: t('ui.save') }).click();
		await expect(page.getByText('东门 East gate')).toBeVisible();
		await saw('picture');

		await open('encoders');
		await page.locator('[name=encoder_gop]').first().fill('30');
		await page.getByRole('button', { name: t('encoder.save') }).first().click();
		await expect(page.getByText(t('encoder.saved'))).toBeVisible();
		await saw('encoders');

		await open('signals');
		await page.getByRole('button', { name: new RegExp(`^(${t('signals.switch_on')}|${t('signals.pulse')})$`) }).first().click();
		await expect(page.getByText(t('signals.on')).first()).toBeVisible({ timeout: 30_000 });
		await saw('signals');

		await open('ptz');
		for (const name of ['Gate', 'Road']) {
			await page.locator('[name=preset_name]').fill(name);
			await page.getByRole('button', { name: t('ptz.preset.save') }).click();
			await expect(page.getByRole('cell', { name, exact: true })).toBeVisible();
		}
		await page.getByRole('button', { name: t('ptz.patrol.add') }).click();
		await page.locator('[name=patrol_name]').fill('Night');
		await page.getByRole('dialog').getByRole('button', { name: t('ui.save') }).click();
		await page.getByRole('button', { name: t('ptz.patrol.start'), exact: true }).click();
		await expect(page.getByText(t('ptz.patrol.running'))).toBeVisible();
		await saw('ptz');
	});

	test(`a table is checked before it is imported, in ${language}`, async ({ page }) => {
		const t = wordsOf(language);
		await speak(page, language);
		await login(page, site);
		await page.goto(`${site.url}/cameras/import`);
		const first = new URL(site.devices[0]?.url ?? '').host;
		const lines = [t('import.example'), `门口,${first.split(':')[0]},${first.split(':')[1]},${good.username},"${good.password.replaceAll('"', '""')}",一楼 / 大厅`, `Yard,${first.split(':')[0]},ninety,x,y,`];
		await page.getByLabel(t('import.paste')).fill(lines.join('\n'));
		await shot(page, 'import', language);
		await expectAccessible(page);
		await page.getByRole('button', { name: t('import.check') }).click();
		const summary = page.getByTestId('batch-summary');
		await expect(summary).toHaveText(t('batch.summary', { good: t('batch.ready', { count: 1 }), bad: t('batch.failed', { count: 1 }) }), { timeout: 60_000 });
		await expect(page.locator('[data-testid=batch-row][data-code=row_invalid]')).toContainText(t('error.row_invalid', { row: 3, column: t('import.column.port'), reason: t('reason.not_a_port') }));
		await shot(page, 'checked', language);
		await expectAccessible(page);
		await page.getByRole('button', { name: t('import.do', { count: 1 }) }).click();
		await expect(summary).toHaveText(t('batch.summary', { good: t('batch.added', { count: 1 }), bad: t('batch.failed', { count: 1 }) }), { timeout: 60_000 });
		const { items } = await site.api<{ items: { name: string; group_id: number | null }[] }>('GET', '/cameras');
		expect(items.map(({ name }) => name)).toEqual(['门口']);
		expect(items[0]?.group_id).not.toBeNull();
	});
}

test('a device that answers elsewhere keeps its camera', async ({ page }) => {
	const camera = await onboard();
	await login(page, site);
	await page.goto(`${site.url}/cameras/find`);
	// The second farm's first device is the first farm's by its identity.
	await page.getByLabel('Also search', { exact: true }).fill('127.0.8.1');
	await page.getByLabel('Port', { exact: true }).fill(String(site.discoveryPort));
	await page.getByRole('button', { name: 'Search range' }).click();
	const row = page.locator('tbody tr').filter({ hasText: '127.0.8.1' });
	await expect(row).toContainText('New address', { timeout: 20_000 });
	await row.getByRole('checkbox').check();
	await expect(page.getByRole('button', { name: 'Tick devices to add' })).toBeDisabled();
	await row.getByRole('button', { name: 'Same device, use it' }).click();
	await expect(row).toContainText('Already added');
	const { items } = await site.api<{ items: { id: number; host: string }[] }>('GET', '/cameras');
	expect(items.map(({ id, host }) => [id, host])).toEqual([[camera.id, '127.0.8.1']]);
});

test('a tile moves its camera, by keys, stick and click, and shows what it notices', async ({ page }) => {
	const { id: camera, ptz } = await onboard();
	expect(ptz).toBe(true);
	await login(page, site);
	await page.goto(`${site.url}/wall`);
	await setLayout(page, 1);
	await allPlaying(page, 1, 30_000);
	await tile(page, 0).focus();
	await page.keyboard.press('p');
	await expect(page.getByTestId('ptz-status')).toBeVisible();
	await expect(page.getByTestId('ptz-stick')).toBeVisible();

	// Held keys move until they are let go; then it stands still.
	const start = await look(camera);
	await page.keyboard.down('ArrowRight');
	await expect.poll(async () => (await look(camera)).pan).toBeGreaterThan(start.pan + 0.02);
	await page.keyboard.up('ArrowRight');
	await expect(page.getByTestId('ptz-status')).toHaveText('You control this camera');
	const rests = async () => (await site.api<{ moving: boolean | null }>('GET', `/cameras/${camera}/ptz`)).moving;
	await expect.poll(rests).toBe(false);

	// The stick: up.
	const stick = await page.getByTestId('ptz-stick').boundingBox();
	if (!stick) throw new Error('there is no stick');
	const before = await look(camera);
	await page.mouse.move(stick.x + stick.width / 2, stick.y + stick.height / 2);
	await page.mouse.down();
	await page.mouse.move(stick.x + stick.width / 2, stick.y + 4, { steps: 4 });
	await expect.poll(async () => (await look(camera)).tilt).toBeGreaterThan(before.tilt + 0.02);
	await page.mouse.up();
	await expect.poll(rests).toBe(false);
	await shot(page, 'ptz', 'en');
	await expectAccessible(page);

	// A click far from the middle, then the end of it all.
	const aimed = await look(camera);
	const box = await tile(page, 0).boundingBox();
	await page.mouse.click((box?.x ?? 0) + (box?.width ?? 0) * 0.25, (box?.y ?? 0) + (box?.height ?? 0) * 0.5);
	await expect.poll(async () => (await look(camera)).pan).toBeLessThan(aimed.pan - 0.005);
	await page.keyboard.press('Escape');
	await expect(page.getByTestId('ptz-status')).toHaveCount(0);

	await expect
		.poll(async () => (await site.api<{ device: { listening: string } | null }>('GET', `/cameras/${camera}/health`)).device?.listening, { timeout: 60_000 })
		.toBe('listening');
	await site.command(0, 'events', { topic: 'motion', index: 0, state: true });
	await expect(page.getByTestId('notice')).toHaveAttribute('data-kind', 'motion', { timeout: 20_000 });
	await site.command(0, 'events', { topic: 'motion', index: 0, state: false });
	await expect(page.getByTestId('notice')).toHaveCount(0, { timeout: 20_000 });

	// The same stands on the timeline, and the preview names it.
	const { items } = await site.api<{ items: { kind: string; at: number }[] }>('GET', `/cameras/${camera}/events?kind=motion`);
	const at = items.at(-1)?.at ?? 0;
	await page.goto(`${site.url}/playback?camera=${camera}&at=${at}`);
	const timeline = page.getByTestId('timeline');
	await expect(async () => {
		const [from, to] = await timeline.evaluate((element: HTMLElement) => [Number(element.dataset.from), Number(element.dataset.to)]);
		const line = await timeline.boundingBox();
		if (!line || from === undefined || to === undefined) throw new Error('there is no timeline');
		await page.mouse.move(line.x + ((at - from) / (to - from)) * line.width + 1, line.y + line.height - 10);
		await expect(page.getByTestId('preview-marks')).toHaveText('Motion', { timeout: 1000 });
	}).toPass({ timeout: 20_000 });
	await expectAccessible(page);
	await shot(page, 'playback-marks', 'en');
});
