/** The room of evidence: cases, exports, proofs of recording, locks and bookmarks. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import { recordClocks } from '../support/playback';
import { administrator, binary, type TestSite } from '../support/site';
import { stateDay } from '../support/statements';

test.use({ cameras: 2, allowedErrors: [[/WebSocket/, /ERR_CONNECTION/], { scope: 'test' }] });

interface Words {
	evidence: string;
	cases: string;
	newCase: string;
	name: string;
	notes: string;
	create: string;
	addClip: string;
	note: string;
	editCase: string;
	save: string;
	exportCase: string;
	burn: string;
	watermark: string;
	exportIt: string;
	close: string;
	burnt: string;
	takeOut: RegExp;
	undo: string;
	deleteCase: string;
	empty: string;
	proofs: string;
	verified: string;
	notVerified: string;
	offline: string;
	download: string;
}

const words: Record<'en' | 'zh-CN', Words> = {
	en: { evidence: 'Evidence', cases: 'Cases', newCase: 'New case', name: 'Name', notes: 'Notes', create: 'Open case', addClip: 'Add clip', note: 'Note', editCase: 'Edit case', save: 'Save', exportCase: 'Export case …', burn: 'Burn date, time and camera name into the pictures', watermark: 'Watermark', exportIt: 'Export', close: 'Close', burnt: 'time burnt in, not original', takeOut: /out of the case$/, undo: 'Undo', deleteCase: 'Delete case', empty: 'No cases yet', proofs: 'Proof of recording', verified: 'Verified', notVerified: 'Not verified', offline: 'The camera was offline', download: 'Download statement' },
	'zh-CN': { evidence: '证据', cases: '案件', newCase: '新建案件', name: '名称', notes: '备注', create: '建立案件', addClip: '添加片段', note: '备注', editCase: '编辑案件', save: '保存', exportCase: '导出案件…', burn: '在画面中叠加日期、时间和摄像机名称', watermark: '水印', exportIt: '导出', close: '关闭', burnt: '已叠加时间，非原始画面', takeOut: /^从案件中移出/, undo: '撤销', deleteCase: '删除案件', empty: '尚无案件', proofs: '录像证明', verified: '已验证', notVerified: '未通过验证', offline: '摄像机离线', download: '下载证明' }
};

let recorded: { paths: string[]; end: number } | undefined;

async function enter(page: Page, site: TestSite, language: 'en' | 'zh-CN'): Promise<Words> {
	await login(page, site);
	await speak(page, language);
	await page.goto(`${site.url}/wall`);
	await page.getByRole('navigation').first().getByRole('link', { name: words[language].evidence }).click();
	await expect(page.getByRole('heading', { level: 1, name: words[language].evidence })).toBeVisible();
	return words[language];
}

/** For `datetime-local`, by the clock of the site, which is UTC here or this machine's. */
function local(at: number, timeZone: string): string {
	const text = new Date(at).toLocaleString('sv-SE', { timeZone, hourCycle: 'h23' });
	return text.replace(' ', 'T');
}

for (const language of ['en', 'zh-CN'] as const) {
	test(`a case is opened, filled, exported with burnt-in times and deleted (${language})`, async ({ page, site }) => {
		recorded ??= await recordClocks(site, 12_000);
		const { time_zone } = await site.api<{ time_zone: string }>('GET', '/system');
		const { end } = recorded;
		const say = await enter(page, site, language);
		await expect(page.getByText(say.empty)).toBeVisible();
		await expectAccessible(page);

		const dialog = page.getByRole('dialog');
		await page.getByRole('button', { name: say.newCase }).click();
		await expectAccessible(page);
		await dialog.getByLabel(say.name).fill('Theft 12');
		await dialog.getByLabel(say.notes).fill('红色货车 red van');
		// By keyboard alone.
		await dialog.getByLabel(say.name).press('Enter');
		await expect(dialog).toHaveCount(0);
		const opened = page.getByTestId('case');
		await expect(opened.getByRole('heading', { level: 2, name: 'Theft 12' })).toBeVisible();

		for (const [index, from] of [end - 9000, end - 6000].entries()) {
			await opened.getByRole('button', { name: say.addClip }).click();
			if (index === 0) await expectAccessible(page);
			await dialog.locator('select').selectOption({ index });
			await dialog.locator('input[type=datetime-local]').nth(0).fill(local(from, time_zone));
			await dialog.locator('input[type=datetime-local]').nth(1).fill(local(from + 3000, time_zone));
			await dialog.getByLabel(say.note).fill(`he comes ${index}`);
			await dialog.getByRole('button', { name: say.addClip }).click();
			await expect(dialog).toHaveCount(0);
		}
		await expect(opened.getByRole('listitem')).toHaveCount(2);
		await opened.getByRole('button', { name: say.takeOut }).first().click();
		await expect(opened.getByRole('listitem')).toHaveCount(1);
		await page.getByRole('button', { name: say.undo }).click();
		await expect(opened.getByRole('listitem')).toHaveCount(2);
		await expectAccessible(page);
		// The address leads back to it.
		await page.reload();
		await expect(opened.getByRole('listitem')).toHaveCount(2);
		await opened.getByRole('button', { name: say.editCase }).click();
		await dialog.getByLabel(say.name).fill('Theft 12 b');
		await dialog.getByRole('button', { name: say.save }).click();
		await expect(opened.getByRole('heading', { level: 2, name: 'Theft 12 b' })).toBeVisible();

		await opened.getByRole('button', { name: say.exportCase }).click();
		await dialog.getByLabel(say.burn).check();
		await dialog.getByLabel(say.watermark).fill('Case 12');
		await expectAccessible(page);
		await dialog.getByRole('button', { name: say.exportIt, exact: true }).click();
		const card = dialog.getByTestId('export');
		await expect(card).toHaveAttribute('data-state', 'done', { timeout: 60_000 });
		await expect(card.getByText(say.burnt)).toBeVisible();
		const folder = (await card.getAttribute('data-result')) ?? '';
		const said = execFileSync(binary() ?? '', ['verify', folder], { encoding: 'utf8' });
		expect(said).toContain('transcoded, not original');
		expect(said).toContain('Unchanged');
		await dialog.getByRole('button', { name: say.close }).last().click();

		await opened.getByRole('button', { name: say.deleteCase }).click();
		await dialog.getByRole('button', { name: say.deleteCase }).click();
		await expect(page.getByText(say.empty)).toBeVisible();
	});

	test(`proofs of recording are listed, opened, downloaded, and a forged one is told (${language})`, async ({ page, site }) => {
		const { items } = await site.api<{ items: { name: string; streams: { path: string }[] }[] }>('GET', '/cameras');
		const [gate, yard] = items.map(({ name, streams }) => ({ camera: name, path: streams[0]?.path ?? '' }));
		if (!gate || !yard) throw new Error('two cameras');
		await stateDay(site, { ...gate, day: '2026-03-01', hours: 18 });
		const forged = join(await stateDay(site, { ...yard, day: '2026-03-01', hours: 24 }), 'statement.json');
		writeFileSync(forged, readFileSync(forged, 'utf8').replace('86400000', '86400001'));
		const say = await enter(page, site, language);
		await page.getByRole('tab', { name: say.proofs }).click();
		const row = (name: string) => page.getByRole('row').filter({ hasText: name });
		await expect(row(gate.camera)).toContainText('75%');
		await expect(row(gate.camera).getByText(say.verified, { exact: true })).toBeVisible();
		await expect(row(yard.camera).getByText(say.notVerified, { exact: true })).toBeVisible();
		await expectAccessible(page);
		await row(gate.camera).getByRole('button').click();
		const dialog = page.getByRole('dialog');
		await expect(dialog.getByText(say.offline)).toBeVisible();
		await expectAccessible(page);
		const saved = page.waitForEvent('download');
		await dialog.getByRole('button', { name: say.download }).click();
		expect((await saved).suggestedFilename()).toBe(`${gate.path}_2026-03-01.zip`);
		await dialog.getByRole('button', { name: say.close }).last().click();
		// Narrowed to a day without any.
		await page.locator('input[type=date]').fill('2026-03-02');
		await expect(row(gate.camera)).toHaveCount(0);
	});
}

for (const [language, check, same, changed, listed] of [
	['en', 'Check files', /^All \d+ files/, '1 files are not what they were', 'was changed.'],
	['zh-CN', '检查文件', /^全部 \d+ 个文件/, '1 个文件与完成时不一致', '已被更改。']
] as const) {
	test(`the files of a day are read again, and a changed one is told (${language})`, async ({ page, site }) => {
		recorded ??= await recordClocks(site, 12_000);
		const [path = ''] = recorded.paths;
		const { items } = await site.api<{ items: { name: string; streams: { path: string }[] }[] }>('GET', '/cameras');
		const camera = items.find(({ streams }) => streams.some((stream) => stream.path === path))?.name ?? '';
		// A changed plan begins a new file: the one before it is finished.
		const minutes = language === 'en' ? 9 : 8;
		await site.api('PUT', `/plans/${path}`, { enabled: true, mode: 'continuous', segment_minutes: minutes });
		const finished = async () => {
			const query = `from=${Date.now() - 600_000}&to=${Date.now()}`;
			return (await site.api<{ files: number }>('GET', `/recording/${path}/integrity?${query}`)).files;
		};
		await expect.poll(finished, { timeout: 30_000 }).toBeGreaterThan(language === 'en' ? 0 : 1);
		const day = new Date(recorded.end).toISOString().slice(0, 10);
		await stateDay(site, { path, camera, day, hours: 24 });
		const say = await enter(page, site, language);
		await page.getByRole('tab', { name: say.proofs }).click();
		await page.getByRole('row').filter({ hasText: day }).filter({ hasText: camera }).getByRole('button').click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('button', { name: check }).click();
		await expect(dialog.getByText(same)).toBeVisible({ timeout: 30_000 });
		await expectAccessible(page);

		const folder = join(site.folder, 'recordings', path);
		const [name = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.mp4')).sort();
		const bytes = readFileSync(join(folder, name));
		const flip = () => {
			const middle = bytes.length >> 1;
			bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
			writeFileSync(join(folder, name), bytes);
		};
		flip();
		await dialog.getByRole('button', { name: check }).click();
		await expect(dialog.getByText(changed)).toBeVisible({ timeout: 30_000 });
		await expect(dialog.getByRole('listitem').filter({ hasText: listed })).toContainText('.mp4');
		await expectAccessible(page);
		await page.screenshot({ path: `test-results/screens/evidence-files-${language}.png` });
		flip();
	});
}

test('who sees live pictures only has no such room', async ({ page, site }) => {
	await site.api('POST', '/users', { name: 'vera', role: 'viewer', password: 'a long password' });
	const answer = await page.request.post(`${site.url}/api/v1/login`, { data: { ...administrator, username: 'vera', password: 'a long password' }, headers: { origin: site.url } });
	expect(answer.ok(), await answer.text()).toBe(true);
	await page.goto(`${site.url}/wall`);
	await expect(page.getByRole('link', { name: 'Wall' })).toBeVisible();
	await expect(page.getByRole('link', { name: 'Evidence' })).toHaveCount(0);
});

test('a recording that was asked for is ended where it was begun', async ({ page, site }) => {
	recorded ??= await recordClocks(site, 12_000);
	await login(page, site);
	await page.goto(`${site.url}/recording`);
	const menu = page.getByRole('button', { name: /^(Actions|More|Menu)/i }).or(page.locator('tbody .menu-trigger'));
	// The main streams have plans that are switched off; asking needs one that is on and waits for events.
	const [path = ''] = recorded.paths;
	await site.api('PUT', `/plans/${path}`, { enabled: true, mode: 'event', event_kinds: [] });
	await page.reload();
	const row = page.getByRole('row').filter({ hasText: /Waiting/i }).first();
	await expect(row).toBeVisible();
	await row.locator(menu).last().click();
	await page.getByRole('menuitem', { name: 'Record now' }).click();
	const asked = page.getByRole('row').filter({ hasText: /asked for until/ });
	await expect(asked).toHaveCount(1);
	await expect(asked.getByText('Recording', { exact: true })).toBeVisible({ timeout: 15_000 });
	await asked.locator(menu).last().click();
	await page.getByRole('menuitem', { name: 'End “Record now”' }).click();
	await expect(asked).toHaveCount(0);
	await expect(page.getByRole('row').filter({ hasText: /Waiting/i }).first()).toBeVisible({ timeout: 15_000 });
	// As it was: others count the plans of this site.
	await site.api('PUT', `/plans/${path}`, { enabled: true, mode: 'continuous' });
});
