import { join } from 'node:path';
import { expectAccessible } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { administrator, TestSite } from '../support/site';
import { stateOf } from '../support/wall';

// A wrong code, a folder that cannot be used: the browser notes the answer's status.
test.use({ allowedErrors: [/status of (401|403|409|422|429)/] });

let fresh: TestSite;
test.beforeEach(async () => {
	fresh = await TestSite.startEmpty({ cameras: 1 });
});
test.afterEach(async ({ page }) => {
	// A page that is open asks again and again.
	await page.close();
	await fresh.stop();
});

test('four steps lead from an empty folder to a live picture', async ({ page }) => {
	await page.goto(fresh.url);
	await expect(page).toHaveURL(/\/setup$/);
	await expectAccessible(page);

	// 1: the language changes the page at once.
	await page.getByText('简体中文').click();
	await expect(page.getByRole('heading', { name: '欢迎使用 Watchwall' })).toBeVisible();
	await expectAccessible(page);
	await page.getByText('English').click();
	await page.getByRole('button', { name: 'Continue' }).click();

	// 2: the code is tried before anything else is asked.
	await page.getByLabel('Set-up code').fill('AAAA-AAAA-AAAA');
	await page.getByLabel('User name').fill(administrator.username);
	await page.locator('[name=password]').fill(administrator.password);
	await page.locator('[name=repeat]').fill('another password');
	await expect(page.getByText('The two passwords differ.')).toBeVisible();
	await page.locator('[name=repeat]').fill(administrator.password);
	await page.getByRole('button', { name: 'Continue' }).click();
	await expect(page.getByText('The set-up code is wrong.')).toBeVisible();
	await expectAccessible(page);
	await page.getByLabel('Set-up code').fill(fresh.code.toLowerCase());
	await page.getByRole('button', { name: 'Continue' }).click();

	// 3: the default folder and its room, a folder that cannot be, another one.
	const folder = page.getByLabel('Folder for recordings');
	await expect(folder).toHaveValue(join(fresh.folder, 'recordings'));
	await expect(page.getByText(/ free of /)).toBeVisible();
	await expectAccessible(page);
	await folder.fill('recordings');
	await expect(page.getByText(/cannot be used for recordings/)).toBeVisible();
	await page.getByRole('button', { name: 'Create site' }).click();
	await expect(page.getByText(/cannot be used for recordings/)).toBeVisible();
	const chosen = join(fresh.folder, 'a', 'disk');
	await folder.fill(chosen);
	await expect(page.getByText('The folder will be made.')).toBeVisible();
	await page.getByRole('button', { name: 'Create site' }).click();

	// 4: a camera by its address.
	await expect(page).toHaveURL(/\/setup\/cameras$/);
	await expect(page.getByText('No cameras yet')).toBeVisible();
	await expectAccessible(page);
	await page.reload();
	await page.getByRole('button', { name: 'Add camera' }).click();
	await page.locator('[name=main_url]').fill(fresh.streams[0]?.sub ?? '');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	await expect(page.getByRole('list', { name: 'Cameras' }).getByRole('listitem')).toHaveCount(1, { timeout: 30_000 });
	await page.getByRole('button', { name: 'Go to the wall' }).click();
	await expect(page).toHaveURL(/\/wall$/);
	await expect(stateOf(page, 0)).toHaveAttribute('data-state', 'playing', { timeout: 20_000 });

	await fresh.logIn();
	const volumes = await fresh.api<{ items: { root: string }[] }>('GET', '/volumes');
	expect(volumes.items.map(({ root }) => root)).toEqual([chosen]);
	expect(await fresh.api('GET', '/settings')).toMatchObject({ default_language: 'en' });
});

test('a window with a one-time token needs no code, and may leave the rest for later', async ({ page }) => {
	const token = await fresh.localToken();
	const answer = await fetch(`${fresh.url}/api/v1/one-time-tokens`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
	const oneTime = (await answer.json()) as { token: string };
	await page.goto(`${fresh.url}/?token=${oneTime.token}`);
	await page.getByRole('button', { name: 'Continue' }).click();
	await expect(page.getByLabel('User name')).toBeVisible();
	await expect(page.getByLabel('Set-up code')).toHaveCount(0);
	await page.getByLabel('User name').fill(administrator.username);
	await page.locator('[name=password]').fill(administrator.password);
	await page.locator('[name=repeat]').fill(administrator.password);
	await page.getByRole('button', { name: 'Continue' }).click();
	await page.getByRole('button', { name: 'Create site' }).click();
	await page.getByRole('button', { name: 'Later' }).click();
	await expect(page).toHaveURL(/\/wall$/);
	await page.goto(`${fresh.url}/setup`);
	await expect(page).toHaveURL(/\/wall$/);
});
