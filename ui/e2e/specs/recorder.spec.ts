// A recorder: only the channels that are ticked are watched, all of them are examined, and what is being done is said.
import type { Page } from '@playwright/test';
import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import { TestSite } from '../support/site';
import { allPlaying } from '../support/wall';
import { languages, wordsOf } from '../support/words';

test.use({ allowedErrors: [/status of (404|409|422|423|50[0-9])/] });

const net = '127.0.10';
const good = { username: 'viewer', password: 'right horse' };

let site: TestSite;
test.beforeEach(async () => {
	site = await TestSite.start({ cameras: 0, devices: [{ count: 4, channels: 2, ip: `${net}.1`, ...good }] });
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

const hostOf = (device: number) => new URL(site.devices[device]?.url ?? '').host;

for (const language of languages) {
	test(`a channel that is not ticked is neither recorded nor on the wall, in ${language}`, async ({ page }) => {
		test.setTimeout(180_000);
		const t = wordsOf(language);
		await speak(page, language);
		await login(page, site);
		await page.goto(`${site.url}/cameras`);
		await page.getByRole('button', { name: t('cameras.add'), exact: true }).click();
		const dialog = page.getByRole('dialog', { name: t('cameras.add') });
		await dialog.locator('[name=main_url]').fill(hostOf(0));
		await dialog.locator('[name=camera_username]').fill(good.username);
		await dialog.locator('[name=camera_password]').fill(good.password);
		await dialog.getByRole('button', { name: t('cameras.probe') }).click();
		const boxes = dialog.getByTestId('device-found').getByRole('checkbox');
		await expect(boxes).toHaveCount(2, { timeout: 30_000 });
		await boxes.nth(1).uncheck();
		await expect(dialog.getByText(t('cameras.device.channels.rest'))).toBeVisible();
		await expectAccessible(page);
		await shot(page, 'channels', language);
		await dialog.getByRole('button', { name: t('ui.save'), exact: true }).click();
		await expect(dialog).toBeHidden({ timeout: 60_000 });
		await expect(page.locator('tbody tr')).toHaveCount(2);
		await expect(page.locator('tbody tr').filter({ hasText: t('phase.disabled') })).toHaveCount(1);

		const { items } = await site.api<{ items: { name: string; enabled: boolean; streams: { role: string; path: string }[] }[] }>('GET', '/cameras');
		const watched = items.filter(({ enabled }) => enabled);
		expect(watched.map(({ streams }) => streams[0]?.path)).toEqual([expect.stringMatching(/_ch1_main$/)]);
		const plans = await site.api<{ items: { path: string }[] }>('GET', '/plans');
		expect(plans.items.map(({ path }) => path)).toEqual([watched[0]?.streams[0]?.path]);
		await page.goto(`${site.url}/wall`);
		await allPlaying(page, 1, 60_000);
		const off = items.find(({ enabled }) => !enabled)?.name ?? '';
		await expect(page.locator('[data-index]').filter({ hasText: off })).toHaveCount(0);
	});

	test(`a row names its step, and every channel is examined, in ${language}`, async ({ page }) => {
		test.setTimeout(240_000);
		const t = wordsOf(language);
		await site.command(0, 'soap-faults', { operation: 'GetProfiles', answer: { kind: 'nothing' } });
		await speak(page, language);
		await login(page, site);
		await page.goto(`${site.url}/cameras/import`);
		const [host = '', port = ''] = hostOf(0).split(':');
		await page.getByLabel(t('import.paste')).fill([t('import.example'), `Store,${host},${port},${good.username},${good.password},`].join('\n'));
		await page.getByRole('button', { name: t('import.check') }).click();
		const row = page.locator('[data-testid=batch-row][data-state=running]');
		await expect(row).toContainText(t('onboarding.step.AUTHENTICATE'), { timeout: 20_000 });
		await shot(page, 'step', language);
		await page.getByRole('button', { name: t('ui.cancel') }).click();
		await expect(page.getByTestId('batch-summary')).not.toHaveAttribute('data-state', 'running', { timeout: 20_000 });

		await page.goto(`${site.url}/cameras/find`);
		await page.getByLabel(t('find.ranges'), { exact: true }).fill(`${net}.2`);
		await page.getByLabel(t('find.port'), { exact: true }).fill(String(site.discoveryPort));
		await page.getByRole('button', { name: t('find.ranges.search') }).click();
		const device = page.locator('tbody tr').filter({ hasText: `${net}.2` });
		await device.getByRole('button').last().click();
		const dialog = page.getByRole('dialog');
		await expect(dialog.getByText(t('doctor.address.text'))).toBeVisible();
		await dialog.locator('[name=examine_username]').fill(good.username);
		await dialog.locator('[name=examine_password]').fill(good.password);
		await dialog.getByRole('button', { name: t('doctor.examine'), exact: true }).click();
		await expect(page.getByTestId('doctor-summary')).toHaveAttribute('data-state', 'done', { timeout: 120_000 });
		for (const channel of [1, 2]) {
			const part = page.locator(`[data-testid=doctor-group][data-group="${channel}"]`);
			await expect(part.getByRole('heading', { name: t('doctor.channel', { channel }) })).toBeVisible();
		}
		await expectAccessible(page);
		await shot(page, 'doctor-recorder', language);
	});
}
