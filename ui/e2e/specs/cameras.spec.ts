import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import type { TestSite } from '../support/site';

async function open(page: Page, site: TestSite): Promise<void> {
	await login(page, site);
	await page.goto(`${site.url}/cameras`);
	await expect(rows(page)).toHaveCount(site.cameras.length);
}

const rows = (page: Page) => page.locator('tbody tr');
const rowOf = (page: Page, name: string) => rows(page).filter({ has: page.getByText(name, { exact: true }) });
const names = (page: Page) => page.locator('tbody strong').allTextContents();

test('the table is searched, narrowed and sorted', async ({ page, site }) => {
	await open(page, site);
	await page.getByRole('searchbox', { name: 'Search cameras' }).fill('yard');
	await expect(rows(page)).toHaveCount(1);
	await page.getByRole('searchbox', { name: 'Search cameras' }).fill('nothing like this');
	await page.getByRole('button', { name: 'Show all cameras' }).click();
	await expect(rows(page)).toHaveCount(site.cameras.length);
	await page.getByRole('button', { name: 'Name', exact: true }).click();
	const up = await names(page);
	expect(up).toEqual([...up].sort((a, b) => a.localeCompare(b, 'en')));
	await page.getByRole('button', { name: 'Name', exact: true }).click();
	expect(await names(page)).toEqual([...up].reverse());
	await page.getByRole('combobox', { name: 'State' }).selectOption('disabled');
	await expect(rows(page)).toHaveCount(0);
});

test('groups are made as a tree, cameras move into them, and a removed group comes back', async ({ page, site }) => {
	await open(page, site);
	await page.getByRole('button', { name: 'Groups' }).click();
	const dialog = page.getByRole('dialog', { name: 'Groups' });
	await dialog.getByLabel('New group', { exact: true }).fill('House');
	await dialog.getByRole('button', { name: 'Add group' }).click();
	await expect(dialog.getByLabel('Rename group House')).toBeVisible();
	await dialog.getByLabel('New group', { exact: true }).fill('Cellar');
	await dialog.getByLabel('Where the new group lies').selectOption('House');
	await dialog.getByRole('button', { name: 'Add group' }).click();
	await expect(dialog.getByLabel('Rename group House / Cellar')).toBeVisible();
	await page.keyboard.press('Escape');

	const moved = [site.cameras[2]?.name ?? '', site.cameras[3]?.name ?? ''];
	for (const name of moved) await page.getByRole('checkbox', { name: `Choose ${name}`, exact: true }).check();
	await page.getByRole('button', { name: 'Move to group' }).click();
	await page.getByRole('menuitem', { name: 'House / Cellar' }).click();
	await expect(page.getByText('Moved: 2 cameras.')).toBeVisible();
	for (const name of moved) await expect(rowOf(page, name)).toContainText('Cellar');

	await page.getByRole('button', { name: 'Groups' }).first().click();
	await dialog.getByRole('button', { name: 'Remove group Cellar' }).click();
	await expect(dialog.getByLabel('Rename group House / Cellar')).toHaveCount(0);
	await page.keyboard.press('Escape');
	await page.getByRole('status').filter({ hasText: 'Group Cellar was removed' }).getByRole('button', { name: 'Undo' }).click();
	for (const name of moved) await expect(rowOf(page, name)).toContainText('Cellar');

	const groups = await site.api<{ items: { id: number }[] }>('GET', '/groups');
	for (const { id } of groups.items) await site.api('DELETE', `/groups/${id}`);
});

test('chosen cameras are switched off, and on again by undo', async ({ page, site }) => {
	await open(page, site);
	const off = [site.cameras[0], site.cameras[1]];
	for (const camera of off) await page.getByRole('checkbox', { name: `Choose ${camera?.name}`, exact: true }).check();
	await page.getByRole('button', { name: 'Switch off' }).click();
	for (const camera of off) await expect(rowOf(page, camera?.name ?? '')).toContainText('Switched off');
	await page.getByRole('button', { name: 'Undo' }).click();
	for (const camera of off) await expect(rowOf(page, camera?.name ?? '')).not.toContainText('Switched off');
});

test('a camera has a page with its streams and its health, and a look at it finds it', async ({ page, site }) => {
	await open(page, site);
	const camera = site.cameras[0];
	await rowOf(page, camera?.name ?? '').click();
	await expect(page.getByRole('heading', { name: camera?.name })).toBeVisible();
	await expect(page.getByRole('columnheader', { name: 'Sub stream' })).toBeVisible();
	await expect(page.getByText(camera?.subUrl ?? '')).toBeVisible();
	await expectAccessible(page);
	await page.getByRole('button', { name: 'Look at it' }).click();
	await expect(page.getByText('The camera answers')).toBeVisible({ timeout: 20_000 });
	await page.getByRole('tab', { name: 'Health' }).click();
	await expect(page.getByRole('heading', { name: 'Times it was away' })).toBeVisible();
	await expect(page).toHaveURL(/room=health/);
	await expectAccessible(page);
});

test.describe('what can go wrong when a camera is added', () => {
	test.use({ allowedErrors: [/50[234]|422|409/] });

	test('each failure has a reason and a next step', async ({ page, site }) => {
		await open(page, site);
		await page.getByRole('button', { name: 'Add camera' }).click();
		const dialog = page.getByRole('dialog', { name: 'Add camera' });
		const problem = dialog.getByTestId('probe-problem');
		const looks = async (address: string, code: string) => {
			await dialog.getByLabel('Address or stream URL').fill(address);
			await dialog.getByRole('button', { name: 'Look at it' }).click();
			await expect(problem).toHaveAttribute('data-code', code, { timeout: 20_000 });
			await expect(problem.locator('p').first()).not.toBeEmpty();
		};
		const there = new URL(site.cameras[0]?.subUrl ?? '');
		await looks(`rtsp://${there.host}/no/such/stream`, 'stream_path_unknown');
		await looks('rtsp://127.0.0.1:1/stream', 'port_refused');
		await looks('ftp://127.0.0.1/stream', 'url_scheme_unsupported');
		await expectAccessible(page);
	});

	test('a camera that is removed is named with what is lost', async ({ page, site }) => {
		await open(page, site);
		const there = site.cameras[0];
		const added = await site.api<{ id: number }>('POST', '/cameras', { name: 'Spare', main_url: `${there?.subUrl}?spare`, force: true, record: false });
		expect(added.id).toBeGreaterThan(0);
		await expect(rowOf(page, 'Spare')).toBeVisible();
		await page.getByRole('button', { name: 'Actions for Spare' }).click();
		await page.getByRole('menuitem', { name: 'Delete' }).click();
		const dialog = page.getByRole('dialog', { name: 'Remove Spare?' });
		await expect(dialog).toContainText('passwords');
		await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
		await expect(page.getByText('Removed: Spare.')).toBeVisible();
		await expect(rowOf(page, 'Spare')).toHaveCount(0);
	});
});
