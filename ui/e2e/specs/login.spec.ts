import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import { administrator } from '../support/site';

// Refusals are what is tested here; the browser notes each one's status.
test.use({ cameras: 2, allowedErrors: [[/status of (401|404|429)/, /WebSocket/], { scope: 'test' }] });

const words = {
	en: { user: 'User name', submit: 'Log in', wrong: 'User name or password is wrong.', throttled: /There were too many attempts\. Wait \d+ seconds/ },
	'zh-CN': { user: '用户名', submit: '登录', wrong: '用户名或密码错误。', throttled: /尝试次数过多。.*\d+ 秒/ }
} as const;

for (const language of ['en', 'zh-CN'] as const) {
	test(`a wrong password, too many of them, and the right one: ${language}`, async ({ page, site }) => {
		const { user, submit, wrong, throttled } = words[language];
		await speak(page, language);
		await page.goto(`${site.url}/playback`);
		await expect(page).toHaveURL(/\/login$/);
		await expectAccessible(page);
		const alert = page.getByRole('alert');
		const attempt = async (name: string, password: string) => {
			await page.getByLabel(user).fill(name);
			await page.locator('[name=password]').fill(password);
			await page.getByRole('button', { name: submit, exact: true }).click();
		};
		// Nobody's name, so that no one else's log-in waits.
		const stranger = `nobody-${language}`;
		await attempt(stranger, 'wrong password');
		await expect(alert).toContainText(wrong);
		await expect(page.locator('[name=password]')).toHaveValue('');
		for (let guess = 0; guess < 6; guess++) {
			const answered = page.waitForResponse(/\/login$/);
			await attempt(stranger, 'wrong password');
			if ((await answered).status() === 429) break;
		}
		await expect(alert).toContainText(throttled);
		await expectAccessible(page);
		await attempt(administrator.username, administrator.password);
		await expect(page).toHaveURL(/\/wall$/);
	});
}

test('logging out ends the session', async ({ page, site }) => {
	await login(page, site);
	await page.goto(`${site.url}/wall`);
	await page.getByRole('button', { name: 'Account of admin' }).click();
	await page.getByRole('menuitem', { name: 'Log out' }).click();
	await expect(page).toHaveURL(/\/login$/);
	const state = await page.request.get(`${site.url}/api/v1/session`);
	expect(await state.json()).toMatchObject({ user: null });
	await page.goto(`${site.url}/settings`);
	await expect(page).toHaveURL(/\/login$/);
});

for (const room of ['wall', 'playback', 'settings']) {
	test(`a session that is ended elsewhere leaves the ${room} at once`, async ({ page, site }) => {
		await login(page, site);
		await page.goto(`${site.url}/${room}`);
		await expect(page.locator('main h1').first()).toBeAttached();
		const { items } = await site.api<{ items: { id: number; kind: string; last_seen_at: number }[] }>('GET', '/sessions?limit=500');
		const newest = items.filter(({ kind }) => kind === 'cookie').sort((a, b) => b.id - a.id)[0];
		await site.api('DELETE', `/sessions/${newest?.id}`);
		await expect(page).toHaveURL(/\/login$/, { timeout: 5000 });
	});
}
