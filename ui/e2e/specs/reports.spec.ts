// How long cameras were away: read by camera and by group, narrowed, and taken along for a table program.
import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import { TestSite } from '../support/site';
import { languages, wordsOf } from '../support/words';

test.use({ allowedErrors: [/status of (404|409|50[0-9])/] });

let site: TestSite;
test.beforeEach(async () => {
	site = await TestSite.start({ cameras: 2 });
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

/** The first camera is away for a moment. */
async function absence(): Promise<void> {
	const events = async (): Promise<number> => {
		const now = Date.now();
		const report = await site.api<{ rows: { events: number }[] }>('GET', `/reports/offline?from=${now - 3_600_000}&to=${now}`);
		return report.rows.reduce((sum, row) => sum + row.events, 0);
	};
	const states = async (): Promise<string[]> => {
		const { items } = await site.api<{ items: { health: { state: string } }[] }>('GET', '/cameras');
		return items.map(({ health }) => health.state);
	};
	await expect.poll(states, { timeout: 60_000 }).toEqual(['online', 'online']);
	await site.fault(0, { kind: 'offline' });
	await expect.poll(events, { timeout: 90_000 }).toBe(1);
	await site.heal(0);
}

for (const language of languages) {
	test(`absences are read, narrowed and taken along, in ${language}`, async ({ page }) => {
		test.setTimeout(240_000);
		const t = wordsOf(language);
		await absence();
		const [first, second] = site.cameras;
		await speak(page, language);
		await login(page, site);
		await page.goto(`${site.url}/reports`);
		const report = page.getByRole('region', { name: t('report.offline'), exact: true });
		const rows = report.locator('tbody tr');
		await expect(rows).toHaveCount(2);
		// Longest first.
		await expect(rows.first()).toContainText(first?.name ?? '');
		await expect(rows.first()).toContainText(/0:0\d:\d\d/);
		await expectAccessible(page);
		await shot(page, 'report-offline', language);

		await report.getByLabel(t('report.offline.search')).fill(second?.name ?? '');
		await expect(rows).toHaveCount(1);
		await expect(rows.first()).toContainText('0:00:00');
		await report.getByLabel(t('report.offline.search')).fill('no such camera');
		await expect(report.getByText(t('report.offline.none_found'))).toBeVisible();
		await report.getByLabel(t('report.offline.search')).fill('');

		await report.getByLabel(t('report.offline.by')).selectOption('group');
		await expect(rows).toHaveCount(1);
		await expect(rows.first()).toContainText(t('report.offline.no_group'));
		await report.getByLabel(t('report.offline.by')).selectOption('camera');
		await expect(rows).toHaveCount(2);

		// Long ago there was no camera, and a period that ends before it begins is none.
		await report.getByLabel(t('report.offline.period')).selectOption('own');
		await report.locator('[name=offline_from]').fill('2026-01-01T00:00');
		await report.locator('[name=offline_to]').fill('2025-12-31T00:00');
		await expect(report.getByText(t('report.offline.wrong'))).toBeVisible();
		await expect(report.getByRole('button', { name: t('report.offline.csv') })).toBeDisabled();
		await report.locator('[name=offline_to]').fill('2026-01-02T00:00');
		await expect(report.getByText(t('report.offline.none'), { exact: true })).toBeVisible();
		await report.getByLabel(t('report.offline.period')).selectOption('day');
		await expect(rows.first()).toContainText(/0:0[0-9]:[0-9]{2}/);

		const download = page.waitForEvent('download');
		await report.getByRole('button', { name: t('report.offline.csv') }).click();
		const file = await download;
		expect(file.suggestedFilename()).toMatch(/\.csv$/);
		const text = (await readFile(await file.path())).toString('utf8');
		expect(text.split('\r\n').filter(Boolean)).toHaveLength(3);
		expect(text).toContain(first?.name ?? '');

		await rows.first().click();
		await expect(page).toHaveURL(new RegExp(`/cameras/${first?.id}\\?room=health`));
	});
}
