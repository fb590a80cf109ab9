import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import type { Page } from '@playwright/test';
import { join } from 'node:path';

test.use({ cameras: 2, allowedErrors: [/status of (400|401|403|409|412|422|503)/] });

async function enter(page: Page, url: string, name: string, password: string): Promise<number> {
	const answer = await page.request.post(`${url}/api/v1/login`, { data: { username: name, password }, headers: { origin: url } });
	return answer.status();
}

test.beforeEach(async ({ page, site }) => {
	await login(page, site);
	await page.goto(`${site.url}/settings`);
});

test('users are made, changed, blocked and deleted', async ({ page, site, browser }) => {
	await page.getByRole('tab', { name: 'Users' }).click();
	await expect(page).toHaveURL(/room=users/);
	await page.getByRole('button', { name: 'Add user' }).click();
	const dialog = page.getByRole('dialog');
	await dialog.locator('[name=user_name]').fill('guard');
	await dialog.getByLabel('Role').selectOption('viewer');
	await dialog.locator('[name=user_password]').fill('a long password');
	await dialog.locator('[name=user_repeat]').fill('a long password');
	await dialog.getByRole('button', { name: 'Save' }).click();
	const row = page.getByRole('row', { name: /guard/ });
	await expect(row).toContainText('Viewer');

	// A viewer sees what a viewer may.
	const other = await (await browser.newContext()).newPage();
	expect(await enter(other, site.url, 'guard', 'a long password')).toBe(200);
	await other.goto(`${site.url}/wall`);
	await expect(other.getByRole('navigation').getByRole('link', { name: 'Settings' })).toBeVisible();
	await expect(other.getByRole('navigation').getByRole('link', { name: 'Cameras' })).toHaveCount(0);

	await row.click();
	await dialog.getByLabel('Role').selectOption('operator');
	await dialog.locator('[name=user_password]').fill('another password');
	await dialog.locator('[name=user_repeat]').fill('another password');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(row).toContainText('Operator');
	// A new password ends what the old one opened.
	await expect(other).toHaveURL(/\/login$/);
	expect(await enter(other, site.url, 'guard', 'a long password')).toBe(401);
	expect(await enter(other, site.url, 'guard', 'another password')).toBe(200);

	await row.click();
	await dialog.getByRole('switch', { name: 'May log in' }).or(dialog.getByLabel('May log in')).first().click();
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(row).toContainText('Blocked');
	expect(await enter(other, site.url, 'guard', 'another password')).not.toBe(200);

	await row.click();
	await dialog.getByRole('button', { name: 'Delete guard' }).click();
	await expect(row).toHaveCount(0);

	// The last administrator cannot lock everybody out; the dialog says why.
	await page.getByRole('row', { name: /admin/ }).click();
	await dialog.getByLabel('Role').selectOption('viewer');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(dialog.getByRole('alert')).not.toBeEmpty();
	await other.context().close();
});

test('sessions are listed and ended', async ({ page, site, browser }) => {
	const other = await (await browser.newContext({ userAgent: 'Gatehouse' })).newPage();
	await login(other, site);
	await other.goto(`${site.url}/wall`);
	await page.getByRole('tab', { name: 'Sessions' }).click();
	await page.getByRole('row', { name: /Gatehouse/ }).first().getByRole('button', { name: 'End' }).click();
	await expect(page.getByRole('row', { name: /Gatehouse/ })).toHaveCount(0);
	await expect(other).toHaveURL(/\/login$/);
	await other.context().close();
});

test('the site says its new name and language to everybody', async ({ page, site, browser }) => {
	await page.locator('[name=site_name]').fill('North plant');
	await page.getByLabel('Default language').selectOption('zh-CN');
	await page.getByLabel('Stale after (ms)').fill('3000');
	await page.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Settings saved.')).toBeVisible();
	const other = await (await browser.newContext({ locale: 'en' })).newPage();
	await other.goto(`${site.url}/login`);
	await expect(other.getByRole('heading', { name: 'North plant' })).toBeVisible();
	await expect(other.getByRole('button', { name: '登录' })).toBeVisible();
	expect(await site.api('GET', '/session')).toMatchObject({ stale_after_ms: 3000 });
	await other.context().close();
	await site.api('PATCH', '/settings', { default_language: 'en' });
});

test('language and theme apply at once and stay', async ({ page }) => {
	await page.getByLabel('Language', { exact: true }).selectOption('zh-CN');
	await expect(page.getByRole('heading', { name: '设置' })).toBeVisible();
	await page.getByLabel('主题', { exact: true }).selectOption('light');
	await page.reload();
	await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
	await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
	const told = page.waitForResponse((answer) => answer.url().endsWith('/api/v1/me') && answer.request().method() === 'PATCH');
	await page.getByLabel('语言', { exact: true }).selectOption('en');
	await told;
	await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
});

test("one's own password needs the current one", async ({ page, site }) => {
	await site.api('POST', '/users', { name: 'clerk', role: 'operator', password: 'the first password' });
	expect(await enter(page, site.url, 'clerk', 'the first password')).toBe(200);
	await page.goto(`${site.url}/settings`);
	await page.getByRole('button', { name: 'Change password of clerk' }).click();
	const dialog = page.getByRole('dialog');
	const fill = async (current: string) => {
		await dialog.locator('[name=current_password]').fill(current);
		await dialog.locator('[name=new_password]').fill('the second password');
		await dialog.locator('[name=new_repeat]').fill('the second password');
		await dialog.getByRole('button', { name: 'Save' }).click();
	};
	await fill('not the password');
	await expect(dialog.getByRole('alert')).toContainText('wrong');
	await fill('the first password');
	await expect(page.getByText('Password changed.')).toBeVisible();
	expect(await enter(page, site.url, 'clerk', 'the first password')).toBe(401);
	expect(await enter(page, site.url, 'clerk', 'the second password')).toBe(200);
});

test('volumes are changed, and the site does it', async ({ page, site }) => {
	await page.getByRole('tab', { name: 'Storage' }).click();
	const dialog = page.getByRole('dialog');
	await page.getByRole('button', { name: /^Edit / }).click();
	await dialog.locator('[name=volume_name]').fill('First disk');
	await dialog.locator('[name=high]').fill('50');
	await dialog.locator('[name=low]').fill('80');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(dialog.getByRole('alert')).not.toBeEmpty();
	await dialog.locator('[name=high]').fill('85');
	await dialog.locator('[name=low]').fill('70');
	await dialog.getByRole('button', { name: 'Save' }).click();
	await expect(page.getByText('Full from 85 %')).toBeVisible();
	expect((await site.api<{ items: unknown[] }>('GET', '/volumes')).items).toMatchObject([{ name: 'First disk', high_watermark_percent: 85 }]);
	await page.getByRole('button', { name: 'Open recording plans' }).click();
	await expect(page.getByRole('heading', { name: 'Recording', exact: true })).toBeVisible();
});

test('a second storage takes over, is let go, and comes back with what it holds', async ({ page, site }) => {
	const root = join(site.folder, 'second disk');
	const dialog = page.getByRole('dialog');
	const card = page.getByRole('article').filter({ hasText: 'Second' });
	const add = async () => {
		await page.getByRole('button', { name: 'Add storage' }).click();
		await dialog.locator('[name=volume_root]').fill(root);
		await dialog.locator('[name=volume_name]').fill('Second');
		await dialog.locator('[name=volume_priority]').fill('5');
	};
	const save = dialog.getByRole('button', { name: 'Add storage' });
	await page.getByRole('tab', { name: 'Storage' }).click();
	await add();
	await expect(dialog.getByText(/free of/)).toBeVisible();
	await dialog.locator('[name=volume_root]').fill('second disk');
	await save.click();
	await expect(dialog.getByRole('alert')).not.toBeEmpty();
	await dialog.locator('[name=volume_root]').fill(root);
	await expect(dialog.getByText(/free of/)).toBeVisible();
	await expectAccessible(page);
	await save.click();
	await expect(card.getByText('2 recordings running · priority 5')).toBeVisible({ timeout: 30_000 });
	await page.screenshot({ path: 'test-results/screens/storage-two.png' });

	await card.getByRole('button', { name: 'Remove' }).click();
	await dialog.getByRole('button', { name: 'Remove' }).click();
	await expect(card).toHaveCount(0);
	await add();
	await expect(dialog.getByText(/already holds recordings/)).toBeVisible();
	await expect(save).toBeDisabled();
	await dialog.getByLabel('Take over the recordings in this folder').click();
	await save.click();
	await expect(card.getByText(/recordings take [1-9]/)).toBeVisible({ timeout: 30_000 });
	const { items } = await site.api<{ items: { name: string; recorded_bytes: number }[] }>('GET', '/volumes');
	expect(items.map(({ name }) => name)).toContain('Second');
});

for (const [language, away] of [['en', 'does not answer'], ['zh-CN', '没有响应']] as const) {
	test(`an object store that cannot be used says why: ${language}`, async ({ page, site }) => {
		await speak(page, language);
		await page.goto(`${site.url}/settings?room=storage`);
		const dialog = page.getByRole('dialog');
		await page.getByRole('button', { name: language === 'en' ? 'Add storage' : '添加存储' }).click();
		await dialog.locator('[name=volume_kind]').selectOption('object');
		await expect(dialog.locator('[name=volume_root]')).toHaveCount(0);
		const test = dialog.getByRole('button', { name: language === 'en' ? 'Test connection' : '测试连接' });
		await expect(test).toBeDisabled();
		// Nothing listens on the discard port.
		for (const [field, text] of [
			['object_endpoint', 'http://127.0.0.1:9'],
			['object_bucket', 'recordings'],
			['object_access_key', 'site'],
			['object_secret_key', 'open-sesame'],
			['volume_name', 'Cloud']
		] as const) {
			await dialog.locator(`[name=${field}]`).fill(text);
		}
		await expectAccessible(page);
		await test.click();
		await expect(dialog.getByRole('alert')).toContainText(away, { timeout: 30_000 });
		await page.screenshot({ path: `test-results/screens/storage-object-${language}.png` });
		await dialog.locator('[name=object_bucket]').fill('No Bucket');
		await dialog.getByRole('button', { name: language === 'en' ? 'Add storage' : '添加存储' }).click();
		await expect(dialog.getByRole('alert')).toContainText('bucket', { timeout: 30_000 });
		const { items } = await site.api<{ items: { name: string }[] }>('GET', '/volumes');
		expect(items.map(({ name }) => name)).not.toContain('Cloud');
	});
}

for (const language of ['en', 'zh-CN'] as const) {
	test(`every room is accessible: ${language}`, async ({ page, site }) => {
		await speak(page, language);
		for (const room of ['general', 'storage', 'users', 'sessions', 'about']) {
			await page.goto(`${site.url}/settings?room=${room}`);
			await expect(page.getByRole('tabpanel').locator('h2, table, dl').first()).toBeVisible();
			await expectAccessible(page);
		}
	});
}
