// What is wrong with a camera, mended from its page; a device that is not the site's; the document that is handed over.
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import { TestSite } from '../support/site';
import { languages, wordsOf } from '../support/words';

test.use({ allowedErrors: [/status of (404|409|422|429|50[0-9])/] });

const net = '127.0.9';
const good = { username: 'viewer', password: 'right horse' };
const wrongClockMs = -2 * 3_600_000;

let site: TestSite;
test.beforeEach(async () => {
	site = await TestSite.start({ cameras: 0, devices: [{ count: 2, ip: `${net}.1`, ...good }] });
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

/** Adds the first device and answers its camera. */
async function onboard(): Promise<{ id: number; name: string }> {
	const rows = site.devices.slice(0, 1).map(({ url }) => ({ address: url, ...good }));
	const job = await site.api<{ id: number }>('POST', '/onboarding', { rows, record: false });
	await expect.poll(async () => (await site.api<{ state: string }>('GET', `/onboarding/${job.id}`)).state, { timeout: 60_000 }).toBe('done');
	const { items } = await site.api<{ items: { id: number; name: string }[] }>('GET', '/cameras');
	const [camera] = items;
	if (!camera) throw new Error('the device was not added');
	return camera;
}

/** Wrong logins that the device counted. */
async function attempts(number: number): Promise<number> {
	const { control } = site.devices[number] ?? { control: '' };
	const { counters } = (await (await fetch(`${control}/devices/${number}`)).json()) as { counters: { password_attempts_total: number } };
	return counters.password_attempts_total;
}

const lineOf = (page: Page, check: string) => page.locator(`[data-testid=doctor-line][data-check=${check}]`);
const isOver = (page: Page) => expect(page.getByTestId('doctor-summary')).toHaveAttribute('data-state', 'done', { timeout: 90_000 });

for (const language of languages) {
	test(`a camera with a wrong clock is examined and mended, in ${language}`, async ({ page }) => {
		test.setTimeout(240_000);
		const t = wordsOf(language);
		const camera = await onboard();
		await site.command(0, 'clock', { offset_ms: wrongClockMs });
		await speak(page, language);
		await login(page, site);
		await page.goto(`${site.url}/cameras/${camera.id}?room=doctor`);
		await expect(page.getByRole('heading', { name: t('doctor.never') })).toBeVisible();
		await shot(page, 'doctor-never', language);
		await page.getByRole('button', { name: t('doctor.examine'), exact: true }).click();
		await expect(page.getByTestId('doctor-summary')).toHaveAttribute('data-state', 'running');

		const clock = lineOf(page, 'clock');
		await expect(clock).toHaveAttribute('data-verdict', 'bad', { timeout: 60_000 });
		await shot(page, 'doctor-running', language);
		await isOver(page);
		for (const group of ['reach', 'onvif', 'main', 'sub', 'machine']) await expect(page.locator(`[data-testid=doctor-group][data-group=${group}]`), group).toBeVisible();
		// What is fine is folded, and one press away.
		const reach = page.locator('[data-testid=doctor-group][data-group=reach]');
		await expect(reach.getByText(t('doctor.default_password.own'))).toBeHidden();
		await expectAccessible(page);
		await shot(page, 'doctor', language);
		await reach.getByRole('button').click();
		await expect(reach.getByText(t('doctor.default_password.own'))).toBeVisible();

		// The same row says that it is mended.
		await clock.getByRole('button', { name: t('doctor.mend.sync_clock') }).click();
		await expect(clock).toHaveAttribute('data-verdict', 'ok', { timeout: 60_000 });
		await expect(clock).toHaveAttribute('data-looking', 'false', { timeout: 60_000 });
		await isOver(page);
		await shot(page, 'doctor-mended', language);

		await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
		await page.getByRole('button', { name: t('doctor.copy') }).click();
		await expect(page.getByText(t('doctor.copied'))).toBeVisible();
		const copied = await page.evaluate(() => navigator.clipboard.readText());
		expect(copied).toContain(camera.name);
		expect(copied).toContain(`[${t('doctor.verdict.ok')}] ${t('doctor.check.clock')}`);
		expect(copied).not.toContain(good.password);

		// It is still there for who comes later, and only to read for who may not change cameras.
		await page.reload();
		await isOver(page);
		await expect(page.getByRole('button', { name: t('doctor.examine.again') })).toBeEnabled();
		const clerk = { name: 'clerk', password: 'the first password' };
		await site.api('POST', '/users', { ...clerk, role: 'operator' });
		await site.command(0, 'clock', { offset_ms: wrongClockMs });
		await page.getByRole('button', { name: t('doctor.examine.again') }).click();
		await expect(clock).toHaveAttribute('data-verdict', 'bad', { timeout: 60_000 });
		await isOver(page);
		const answer = await page.request.post(`${site.url}/api/v1/login`, { data: { username: clerk.name, password: clerk.password }, headers: { origin: site.url } });
		expect(answer.ok(), await answer.text()).toBe(true);
		await page.reload();
		await expect(clock).toHaveAttribute('data-verdict', 'bad');
		await expect(clock.getByRole('button')).toHaveCount(0);
		await expect(page.getByRole('button', { name: t('doctor.examine.again') })).toHaveCount(0);
	});
}

test('what touches the picture is asked about first, and a time server is typed', async ({ page }) => {
	test.setTimeout(240_000);
	const camera = await onboard();
	const encoders = await site.api<{ profile: string; role: string | null; frame_rate: number }[]>('GET', `/cameras/${camera.id}/encoders`);
	const main = encoders.find(({ role }) => role === 'main');
	if (!main) throw new Error('the camera has no main stream');
	await site.api('PATCH', `/cameras/${camera.id}/encoders`, { profile: main.profile, gop_length: Math.round(main.frame_rate * 6) });
	await login(page, site);
	await page.goto(`${site.url}/cameras/${camera.id}?room=doctor`);
	await page.getByRole('button', { name: 'Examine', exact: true }).click();
	await isOver(page);
	const gop = lineOf(page, 'gop');
	await expect(gop).toHaveAttribute('data-verdict', 'warning');
	await gop.getByRole('button', { name: 'Key frame every 2 s' }).click();
	const dialog = page.getByRole('dialog', { name: 'Main stream: key frame every 2 s' });
	await expectAccessible(page);
	await shot(page, 'doctor-ask', 'en');
	await dialog.getByRole('button', { name: 'Cancel' }).click();
	await expect(dialog).toHaveCount(0);
	await expect(gop).toHaveAttribute('data-verdict', 'warning');
	await gop.getByRole('button', { name: 'Key frame every 2 s' }).click();
	await dialog.getByRole('button', { name: 'Key frame every 2 s' }).click();
	await expect(gop).toHaveAttribute('data-verdict', 'ok', { timeout: 90_000 });
	await isOver(page);

	const ntp = lineOf(page, 'ntp');
	await ntp.getByRole('button', { name: 'Set the time server' }).click();
	await page.locator('[name=mend_servers]').fill('10.0.0.9');
	await shot(page, 'doctor-ntp', 'en');
	await page.keyboard.press('Enter');
	await expect(ntp).toContainText('Time comes from 10.0.0.9.', { timeout: 60_000 });
	await expect(ntp).toHaveAttribute('data-verdict', 'ok');
});

test('a device that is not added is examined by its address, and a wrong password costs it little', async ({ page }) => {
	test.setTimeout(240_000);
	await login(page, site);
	await page.goto(`${site.url}/cameras/find`);
	await page.getByLabel('Also search', { exact: true }).fill(`${net}.1-2`);
	await page.getByLabel('Port', { exact: true }).fill(String(site.discoveryPort));
	await page.getByRole('button', { name: 'Search range' }).click();
	const row = page.locator('tbody tr').filter({ hasText: `${net}.2` });
	await expect(row).toHaveCount(1, { timeout: 20_000 });
	await shot(page, 'doctor-find', 'en');
	await row.getByRole('button', { name: /^Examine/ }).click();
	const dialog = page.getByRole('dialog');
	await dialog.locator('[name=examine_username]').fill(good.username);
	await dialog.locator('[name=examine_password]').fill('wrong horse');
	await dialog.getByRole('button', { name: 'Examine', exact: true }).click();
	await isOver(page);
	const refused = lineOf(page, 'login');
	await expect(refused).toHaveAttribute('data-verdict', 'bad');
	await expect(refused).toContainText('viewer is not let in.');
	await expect(dialog.locator('[data-testid=doctor-group][data-group=main]')).toContainText('The login was refused.');
	expect(await attempts(1)).toBeLessThanOrEqual(2);
	expect(await attempts(1)).toBeGreaterThan(0);
	await expectAccessible(page);
	await shot(page, 'doctor-refused', 'en');

	await page.keyboard.press('Escape');
	await expect(dialog).toHaveCount(0);
	await row.getByRole('button', { name: /^Examine/ }).click();
	await expect(dialog.locator('[name=examine_password]')).toHaveValue('');
	await expect(page.getByTestId('doctor-summary')).toHaveCount(0);
	const { items } = await site.api<{ items: unknown[] }>('GET', '/cameras');
	expect(items).toEqual([]);
});

test('an examination can be cancelled and is found again after a look elsewhere', async ({ page }) => {
	const camera = await onboard();
	await login(page, site);
	await page.goto(`${site.url}/cameras/${camera.id}?room=doctor`);
	await page.getByRole('button', { name: 'Examine', exact: true }).click();
	const summary = page.getByTestId('doctor-summary');
	await expect(summary).toHaveAttribute('data-state', 'running');
	await page.getByRole('tab', { name: 'Health' }).click();
	await page.getByRole('tab', { name: 'Doctor' }).click();
	await expect(summary).toHaveAttribute('data-state', 'running');
	await page.getByRole('button', { name: 'Cancel', exact: true }).click();
	await expect(summary).toHaveAttribute('data-state', 'cancelled', { timeout: 20_000 });
	await expect(page.getByRole('button', { name: 'Examine again' })).toBeEnabled();
});

test('the site report is handed over in Chinese', async ({ page }) => {
	const t = wordsOf('zh-CN');
	const camera = await onboard();
	await speak(page, 'zh-CN');
	await login(page, site);
	await page.goto(`${site.url}/wall`);
	await page.getByRole('link', { name: t('nav.reports') }).click();
	const language = page.getByLabel(t('report.language'));
	await expect(language).toHaveValue('zh-CN');
	await expectAccessible(page);
	await shot(page, 'report', 'zh-CN');

	const saved = async (button: string): Promise<{ name: string; url: string; bytes: Buffer }> => {
		const download = page.waitForEvent('download');
		await page.getByRole('button', { name: t(button) }).click();
		const file = await download;
		return { name: file.suggestedFilename(), url: file.url(), bytes: await readFile(await file.path()) };
	};
	const pdf = await saved('report.pdf');
	expect(pdf.name).toMatch(/\.pdf$/);
	expect(pdf.bytes.subarray(0, 4).toString('latin1')).toBe('%PDF');

	const json = await saved('report.json');
	expect(json.name).toMatch(/\.json$/);
	const text = json.bytes.toString('utf8');
	const report = JSON.parse(text) as { language: string; cameras: { name: string }[] };
	expect(report.language).toBe('zh-CN');
	expect(report.cameras.map(({ name }) => name)).toEqual([camera.name]);
	expect(text).not.toContain(good.password);

	await language.selectOption('en');
	expect((await saved('report.pdf')).url).toContain('language=en');
});
