import { join } from 'node:path';
import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';

test.use({ cameras: 3, allowedErrors: [/status of (409|412|422)/] });

interface Plan {
	path: string;
	enabled: boolean;
	mode: string;
	schedule: string[];
	retention_days: number;
	minimum_days?: number;
	quota_bytes?: number;
	event_kinds: string[];
}

test.beforeEach(async ({ page, site }) => {
	const { items } = await site.api<{ items: Plan[] }>('GET', '/plans?limit=500');
	await site.api('POST', '/plans/bulk', { paths: items.map(({ path }) => path), change: { enabled: true, mode: 'continuous', retention_days: 7, minimum_days: 0, quota_bytes: 0, mirror: false } });
	await login(page, site);
	await page.goto(`${site.url}/recording`);
	await expect(page.getByRole('row')).toHaveCount(4);
});

test('a schedule is painted by pointer and keyboard, copied, and saved', async ({ page, site }) => {
	const row = page.getByRole('row').nth(1);
	await expect(row).toContainText('Recording', { timeout: 15_000 });
	await row.click();
	const dialog = page.getByRole('dialog');
	await dialog.getByText('By schedule', { exact: true }).click();
	const cell = (day: number, slot: number) => dialog.locator(`[data-day="${day}"][data-slot="${slot}"]`);
	// Monday to Wednesday, from eight to ten, in one stroke.
	await dialog.locator('label', { hasText: 'Off' }).last().click();
	await cell(0, 16).hover();
	await page.mouse.down();
	await cell(2, 19).hover();
	await page.mouse.up();
	await expect(cell(1, 17)).toHaveAttribute('aria-label', 'Tuesday 08:30 to 09:00: Off');
	await expect(cell(3, 17)).toHaveAttribute('aria-label', /Continuous/);
	// The keyboard goes on from there.
	await cell(6, 0).focus();
	await page.keyboard.press('e');
	await page.keyboard.press('Space');
	await page.keyboard.press('Shift+ArrowRight');
	await page.keyboard.press('Shift+ArrowRight');
	await expect(cell(6, 2)).toHaveAttribute('aria-label', 'Sunday 01:00 to 01:30: Events');
	await dialog.getByRole('button', { name: 'Copy Monday to' }).click();
	await page.getByRole('menuitem', { name: 'Friday', exact: true }).click();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText(/was saved and is in force/)).toBeVisible();
	await expect(row).toContainText('By schedule');
	await expect(row).toContainText('until');
	const { items } = await site.api<{ items: Plan[] }>('GET', '/plans?limit=500');
	const saved = items.find(({ mode }) => mode === 'schedule');
	expect(saved?.schedule.map((day) => day.slice(14, 21))).toEqual([...Array<string>(3).fill('cc----c'), 'ccccccc', 'cc----c', 'ccccccc', 'ccccccc']);
	expect(saved?.schedule[6]?.slice(0, 5)).toBe('eeecc');
});

test('several plans change at once, and what does not fit is said', async ({ page, site }) => {
	await page.getByRole('checkbox', { name: 'Choose all' }).check();
	const bar = page.getByRole('toolbar', { name: 'Chosen plans' });
	await bar.getByRole('button', { name: 'Change plans' }).click();
	const dialog = page.getByRole('dialog');
	await expect(dialog.getByRole('button', { name: 'Change 3 plans' })).toBeDisabled();
	await dialog.getByRole('switch', { name: 'Change: When' }).click();
	await dialog.getByText('Around events', { exact: true }).click();
	await dialog.getByRole('switch', { name: 'Change: Events' }).click();
	await dialog.locator('[name=pre]').fill('20');
	await dialog.getByLabel('Vehicle').uncheck();
	await dialog.getByRole('switch', { name: 'Change: Keeping' }).click();
	await dialog.locator('[name=retention]').fill('14');
	await dialog.locator('[name=minimum]').fill('3');
	// Somebody else is quicker with one of them.
	const before = await site.api<{ items: Plan[] }>('GET', '/plans?limit=500');
	await site.api('PUT', `/plans/${before.items[0]?.path}`, { retention_days: 8 });
	await dialog.getByRole('button', { name: 'Change 3 plans' }).click();
	await expect(dialog.getByRole('alert')).toContainText('Nothing was changed');
	await dialog.getByRole('button', { name: 'Cancel' }).click();
	await bar.getByRole('button', { name: 'Change plans' }).click();
	await dialog.getByRole('switch', { name: 'Change: When' }).click();
	await dialog.getByText('Around events', { exact: true }).click();
	await dialog.getByRole('switch', { name: 'Change: Keeping' }).click();
	await dialog.locator('[name=minimum]').fill('3');
	await dialog.locator('[name=quota]').fill('250');
	await dialog.getByRole('button', { name: 'Change 3 plans' }).click();
	await expect(page.getByText('Plans changed and in force: 3.')).toBeVisible();
	const { items } = await site.api<{ items: Plan[] }>('GET', '/plans?limit=500');
	expect(items.map(({ mode, minimum_days, quota_bytes }) => [mode, minimum_days, quota_bytes])).toEqual(Array(3).fill(['event', 3, 250_000_000_000]));
	for (const row of await page.getByRole('row').filter({ hasText: 'Around events' }).all()) await expect(row).toContainText('Waiting for events', { timeout: 20_000 });
	// Recorded now, and waiting again when its seconds are over.
	await bar.getByRole('button', { name: 'Record now', exact: true }).click();
	await expect(page.getByText(/^Recording now: 3/)).toBeVisible();
	await expect(page.getByRole('row').nth(1)).toContainText('Recording', { timeout: 15_000 });
	await bar.getByRole('button', { name: 'Switch off' }).click();
	await expect(page.getByText('Plans switched off: 3.')).toBeVisible();
	await expect(page.getByRole('row').nth(1)).toContainText('Not planned', { timeout: 15_000 });
	await page.getByLabel('Wanted').selectOption('event');
	await expect(page.getByText('0 of 3')).toBeVisible();
	await page.getByRole('button', { name: 'Show all cameras' }).click();
	await expect(page.getByRole('row')).toHaveCount(4);
});

test('a second copy is asked for, missed, and written', async ({ page, site }) => {
	const row = page.getByRole('row').nth(1);
	const dialog = page.getByRole('dialog');
	await row.click();
	await expect(dialog.getByText('There is no mirror storage yet')).toBeVisible();
	await dialog.getByRole('switch', { name: 'Write a second copy to a mirror storage' }).click();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(row).toContainText('No copy', { timeout: 20_000 });
	await expect(row).toContainText('No mirror storage takes the second copy');
	await page.screenshot({ path: 'test-results/screens/recording-mirror-missing.png' });

	await page.goto(`${site.url}/settings?room=storage`);
	await page.getByRole('button', { name: 'Add storage' }).click();
	await dialog.locator('[name=volume_kind]').selectOption('mirror');
	await dialog.locator('[name=volume_root]').fill(join(site.folder, 'copies'));
	await dialog.locator('[name=volume_name]').fill('Copies');
	await expectAccessible(page);
	await page.screenshot({ path: 'test-results/screens/storage-mirror-add.png' });
	await dialog.getByRole('button', { name: 'Add storage' }).click();
	const card = page.getByRole('article').filter({ hasText: 'Copies' });
	await expect(card.getByText('Second copies running: 1 · priority 0')).toBeVisible({ timeout: 30_000 });
	await page.screenshot({ path: 'test-results/screens/storage-mirror.png' });

	await page.goto(`${site.url}/recording`);
	await expect(row).toContainText('+ mirror', { timeout: 20_000 });
	await row.click();
	await expect(dialog.getByText('Both are written at the same time')).toBeVisible();
	await dialog.getByRole('switch', { name: 'Write a second copy to a mirror storage' }).click();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(row).not.toContainText('mirror', { timeout: 20_000 });
	await site.api('DELETE', '/volumes/main2');
});

for (const [language, width, height] of [['en', 1280, 720], ['zh-CN', 1920, 1080]] as const) {
	test(`the room is accessible and fits: ${language}`, async ({ page, site }) => {
		await page.setViewportSize({ width, height });
		await speak(page, language);
		await page.goto(`${site.url}/recording`);
		await expect(page.getByRole('row')).toHaveCount(4);
		await expectAccessible(page);
		await page.screenshot({ path: `test-results/screens/recording-list-${language}.png` });
		await page.getByRole('row').nth(1).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('radio').nth(1).check({ force: true });
		await expect(dialog.getByRole('grid')).toBeVisible();
		expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
		await page.screenshot({ path: `test-results/screens/recording-plan-${language}.png` });
		await expectAccessible(page);
	});
}
