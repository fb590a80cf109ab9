import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from '@playwright/test';
import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import { deckTiles, recordClocks, tileStates } from '../support/playback';
import { binary, type TestSite } from '../support/site';

test.use({ cameras: 2, allowedErrors: [[/WebSocket/, /ERR_CONNECTION/], { scope: 'test' }] });

interface Words {
	evidence: string;
	play: string;
	bookmark: string;
	remark: string;
	tags: string;
	keep: string;
	lock: string;
	why: string;
	lockIt: string;
	exportButton: string;
	what: string;
	exportIt: string;
	done: string;
	close: string;
	locks: string;
	bookmarks: string;
	save: string;
}

const words: Record<'en' | 'zh-CN', Words> = {
	en: { evidence: 'Evidence', play: 'Cameras to play', bookmark: 'Bookmark this moment (B)', remark: 'Remark', tags: 'Tags', keep: 'Keep', lock: 'Lock the marked stretch', why: 'Why', lockIt: 'Lock', exportButton: 'Export …', what: 'What for', exportIt: 'Export', done: 'Done', close: 'Close', locks: 'Locks', bookmarks: 'Bookmarks', save: 'Download ZIP' },
	'zh-CN': { evidence: '证据', play: '回放摄像机', bookmark: '为此刻添加书签 (B)', remark: '备注', tags: '标签', keep: '保存', lock: '锁定标记的时段', why: '原因', lockIt: '锁定', exportButton: '导出…', what: '用途', exportIt: '导出', done: '完成', close: '关闭', locks: '锁定', bookmarks: '书签', save: '下载 ZIP' }
};

let end = 0;

async function open(page: Page, site: TestSite, at: number): Promise<void> {
	await page.goto(`${site.url}/playback?at=${at}`);
	await expect(deckTiles(page)).toHaveCount(1);
	await expect.poll(() => tileStates(page)).toEqual(['paused']);
}

/** What the real command says of a folder. */
function verify(folder: string, ...more: string[]): { code: number; said: string } {
	try {
		return { code: 0, said: execFileSync(binary() ?? '', ['verify', folder, ...more], { encoding: 'utf8' }) };
	} catch (error) {
		const { status, stdout } = error as { status: number; stdout: string };
		return { code: status, said: stdout };
	}
}

for (const language of ['en', 'zh-CN'] as const) {
	test(`an investigation, from the moment to the verified export (${language})`, async ({ page, site }) => {
		const say = words[language];
		end ||= (await recordClocks(site, 12_000)).end;
		await login(page, site);
		await speak(page, language);
		await open(page, site, end - 8000);
		// Both cameras, four seconds of them.
		await page.getByRole('complementary', { name: say.play }).getByRole('checkbox').nth(1).check();
		await expect.poll(() => tileStates(page)).toEqual(['paused', 'paused']);
		await page.keyboard.press('i');
		await page.getByTestId('timeline').focus();
		const position = async () => Number(await page.getByTestId('timeline').getAttribute('aria-valuenow'));
		const begun = await position();
		// Closer, so that an arrow is some hundred milliseconds.
		for (let n = 0; n < 6; n++) await page.keyboard.press('+');
		while ((await position()) - begun < 4000) {
			const before = await position();
			await page.keyboard.press('ArrowRight');
			await expect.poll(position).toBeGreaterThan(before);
		}
		await page.keyboard.press('o');

		await page.keyboard.press('b');
		const dialog = page.getByRole('dialog');
		await expectAccessible(page);
		await dialog.getByLabel(say.remark).fill('红色货车 red van');
		await dialog.getByLabel(say.tags).fill('car, theft');
		await dialog.getByRole('button', { name: say.keep, exact: true }).click();
		await expect(dialog).toHaveCount(0);

		await page.getByRole('button', { name: say.lock }).click();
		await expectAccessible(page);
		await dialog.getByLabel(say.why, { exact: false }).first().fill('Theft 12');
		await dialog.getByRole('button', { name: say.lockIt, exact: true }).click();
		await expect(dialog).toHaveCount(0);

		await page.getByRole('button', { name: say.exportButton }).click();
		await expectAccessible(page);
		await dialog.getByLabel(say.what).fill('for the police');
		await dialog.getByRole('button', { name: say.exportIt, exact: true }).click();
		const card = dialog.getByTestId('export');
		await expect(card).toHaveAttribute('data-state', 'done', { timeout: 30_000 });
		const saved = page.waitForEvent('download');
		await dialog.getByRole('button', { name: say.save }).click();
		expect((await saved).suggestedFilename()).toMatch(/\.zip$/);
		const folder = (await card.getAttribute('data-result')) ?? '';
		await dialog.getByRole('button', { name: say.close }).last().click();

		await page.getByRole('button', { name: say.evidence, exact: true }).click();
		const panel = page.getByTestId('evidence');
		await expect(panel.getByTestId('export').first()).toHaveAttribute('data-state', 'done');
		await panel.getByRole('tab', { name: say.bookmarks }).click();
		await expect(panel.getByText('#car #theft').first()).toBeVisible();
		await panel.getByRole('tab', { name: say.locks, exact: true }).click();
		await panel.getByRole('button', { name: /Theft 12/ }).first().click();
		await expectAccessible(page);

		const { fingerprint } = await site.api<{ fingerprint: string }>('GET', '/evidence/key');
		expect(verify(folder, '--key', fingerprint)).toMatchObject({ code: 0, said: expect.stringContaining('Unchanged') as unknown as string });
		await playOffline(page, folder);
		const video = readdirSync(folder).find((name) => name.endsWith('.mp4')) ?? '';
		const bytes = readFileSync(join(folder, video));
		bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
		writeFileSync(join(folder, video), bytes);
		expect(verify(folder)).toMatchObject({ code: 1, said: expect.stringContaining(`${video} was changed`) as unknown as string });
	});
}

/** The export's own page, from its folder: both cameras play, by one clock, and no request leaves it. */
async function playOffline(page: Page, folder: string): Promise<void> {
	const player = await page.context().newPage();
	const requests: string[] = [];
	player.on('request', (request) => requests.push(request.url()));
	await player.goto(pathToFileURL(join(folder, 'index.html')).href);
	await player.locator('#play').click();
	const times = () => player.locator('video.on').evaluateAll((all) => all.map((video) => (video as HTMLVideoElement).currentTime));
	await expect.poll(async () => (await times()).filter((time) => time > 1).length, { timeout: 15_000 }).toBe(2);
	expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
	await player.close();
}

test('nothing is handed out before it is marked', async ({ page, site }) => {
	end ||= (await recordClocks(site, 12_000)).end;
	await login(page, site);
	await open(page, site, end - 8000);
	await page.keyboard.press('i');
	await expect(page.getByRole('button', { name: 'Export …' })).toBeDisabled();
	await page.keyboard.press('b');
	await page.keyboard.press('Escape');
	await expect(page.getByRole('dialog')).toHaveCount(0);
});
