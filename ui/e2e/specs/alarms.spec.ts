/** An operator's walk: an alarm comes, is heard and seen, is acknowledged and resolved, and stays in the history. */
import { expectAccessible, speak } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import type { TestSite } from '../support/site';
import { languages, wordsOf } from '../support/words';

// Each alarm of a test has a camera of its own: the same again of the same camera would be the same alarm.
test.use({ cameras: 6, allowedErrors: [[/WebSocket/, /ERR_CONNECTION/], { scope: 'test' }] });

interface Alarm {
	id: number;
	title: { en: string; zh_cn: string };
}

function raise(site: TestSite, level: number, camera_id?: number): Promise<Alarm> {
	return site.api<Alarm>('POST', '/alarms/test', { level, camera_id });
}

for (const language of languages) {
	const say = wordsOf(language);
	const first = language === 'en' ? 0 : 3;

	test(`an alarm is heard, opened, acknowledged and resolved as false (${language})`, async ({ page, site }) => {
		const [camera, other] = site.cameras.slice(first);
		if (!camera || !other) throw new Error('six cameras');
		await login(page, site);
		await speak(page, language);
		await page.goto(`${site.url}/alarms`);
		await expect(page.getByRole('heading', { level: 1, name: say('alarms'), exact: true })).toBeVisible();
		await expect(page.getByRole('list', { name: say('alarms.list') })).toBeAttached();
		// The policy says what is heard: without it the tone below would be a guess.
		const { levels } = await site.api<{ levels: { level: number; sound: boolean }[] }>('GET', '/alarm-policy');
		expect(levels.find(({ level }) => level === 4)?.sound, 'critical alarms are heard').toBe(true);
		const sound = page.getByTestId('alarm-sound');
		const before = Number(await sound.getAttribute('data-played'));

		const alarm = await raise(site, 4, camera.id);
		const row = page.locator(`[data-id="${alarm.id}"]`);
		await expect(row).toHaveAttribute('data-state', 'new', { timeout: 1000 });
		await expect.poll(async () => Number(await sound.getAttribute('data-played')), { timeout: 1000 }).toBeGreaterThan(before);
		await expect(page.getByTestId('bell')).toHaveAttribute('data-level', '4');
		await expect(page).toHaveTitle(/^\(\d+\) /);
		await expectAccessible(page);

		// A row in hand keeps its place: the next one waits behind a bar.
		await row.locator('.what').focus();
		const place = await row.boundingBox();
		const next = await raise(site, 2, other.id);
		const bar = page.getByRole('button', { name: say('alarms.new', { count: 1 }) });
		await expect(bar).toBeVisible({ timeout: 1000 });
		expect(await row.boundingBox()).toEqual(place);
		await bar.click();
		await expect(page.locator(`[data-id="${next.id}"]`)).toBeVisible();

		await row.locator('.what').focus();
		await page.keyboard.press('Enter');
		const detail = page.getByTestId('alarm');
		await expect(detail.getByRole('heading', { level: 2, name: language === 'en' ? alarm.title.en : alarm.title.zh_cn })).toBeVisible();
		await expect(page).toHaveURL(new RegExp(`alarm=${alarm.id}`));
		await expectAccessible(page);
		await detail.getByRole('button', { name: say('alarm.act.acknowledge'), exact: true }).click();
		await expect(detail).toHaveAttribute('data-state', 'acknowledged');

		await page.keyboard.press('r');
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('radio', { name: say('alarm.verdict.false') }).check();
		await dialog.getByLabel(say('alarm.note')).fill('A cat. 一只猫');
		await expectAccessible(page);
		await dialog.getByRole('button', { name: say('alarm.act.resolve'), exact: true }).click();
		await expect(dialog).toHaveCount(0);
		await expect(detail).toHaveAttribute('data-state', 'resolved');
		await expect(detail.getByText('A cat. 一只猫')).toBeVisible();
		await expect(detail.getByText(say('alarm.history.acknowledged', { by: 'admin' }))).toBeVisible();

		// It is not open any more, and found among the resolved ones.
		await page.keyboard.press('Escape');
		await expect(detail).toHaveCount(0);
		await page.getByRole('button', { name: say('alarm.state.resolved'), exact: true }).click();
		await expect(row).toHaveAttribute('data-state', 'resolved');
		const { alarm: kept, history } = await site.api<{ alarm: { verdict: string }; history: { what: string; note?: string | null }[] }>('GET', `/alarms/${alarm.id}`);
		expect(kept.verdict).toBe('false');
		expect(history.map(({ what }) => what)).toEqual(expect.arrayContaining(['raised', 'acknowledged', 'resolved']));
		expect(history.find(({ what }) => what === 'resolved')?.note).toBe('A cat. 一只猫');

		// Both count, however they stand, and each figure leads to its alarms.
		await page.getByRole('button', { name: say('alarms.counts'), exact: true }).click();
		const counts = page.getByRole('region', { name: say('alarms.counts') });
		const ofCamera = counts.getByRole('button', { name: camera.name });
		await expect(ofCamera).toContainText('1');
		const hours = counts.getByRole('list', { name: say('alarms.counts.by_hour') }).getByRole('button', { disabled: false });
		await expect(hours.first()).toBeVisible();
		await expectAccessible(page);
		await ofCamera.click();
		await expect(counts).toHaveCount(0);
		await expect(row).toBeVisible();
		await expect(page.locator(`[data-id="${next.id}"]`)).toHaveCount(0);
	});

	test(`the panel acknowledges from everywhere, and the tile leads to its alarm (${language})`, async ({ page, site }) => {
		const camera = site.cameras[first + 2];
		if (!camera) throw new Error('six cameras');
		const alarm = await raise(site, 3, camera.id);
		await login(page, site);
		await speak(page, language);
		await page.goto(`${site.url}/wall`);
		const tile = page.locator(`[data-camera="${camera.id}"]`);
		await expect(tile.getByTestId('tile-alarm')).toHaveAttribute('data-level', '3');
		await tile.getByRole('button', { name: say('tile.alarm.show', { title: language === 'en' ? alarm.title.en : alarm.title.zh_cn }) }).click();
		await expect(page).toHaveURL(new RegExp(`alarm=${alarm.id}`));
		await page.goto(`${site.url}/wall`);
		await page.getByTestId('bell').click();
		const panel = page.getByRole('dialog', { name: say('alarms.panel') });
		await expectAccessible(page);
		// Not without a reason; the site keeps it.
		await panel.getByRole('button', { name: say('alarms.mute') }).click();
		await page.getByRole('menuitem', { name: say('alarms.mute.add') }).click();
		const dialog = page.getByRole('dialog', { name: say('alarms.mute.title') });
		await expect(dialog.getByRole('button', { name: say('alarms.mute.add'), exact: true })).toBeDisabled();
		await expectAccessible(page);
		await dialog.getByRole('button', { name: say('alarms.mute.reason.weather') }).click();
		await dialog.locator('[name=mute_camera]').fill(camera.name);
		await dialog.locator('[name=mute_camera]').press('Enter');
		await dialog.getByRole('button', { name: say('alarms.mute.add'), exact: true }).click();
		await expect(dialog).toHaveCount(0);
		await expect(panel.getByRole('list', { name: say('alarms.mute.list') })).toContainText(say('alarms.mute.reason.weather'));
		const { items } = await site.api<{ items: { action: string; subject: string; new: { reason: string } | null }[] }>('GET', '/audit?limit=20');
		expect(items.find(({ action }) => action === 'alarm.mute')).toMatchObject({ subject: camera.name, new: { reason: say('alarms.mute.reason.weather') } });
		await panel.getByRole('button', { name: say('alarms.mute.end.of', { what: camera.name }) }).click();
		await expect(panel.getByRole('list', { name: say('alarms.mute.list') })).toHaveCount(0);
		await panel.getByRole('button', { name: say('alarm.act.acknowledge.of', { title: language === 'en' ? alarm.title.en : alarm.title.zh_cn }) }).first().click();
		await expect(tile.getByTestId('tile-alarm')).toHaveCount(0);
		await page.keyboard.press('Escape');
		await expect(panel).toHaveCount(0);

		// On the timeline it stands where it happened, and is opened from there.
		const { alarm: { first_at } } = await site.api<{ alarm: { first_at: number } }>('GET', `/alarms/${alarm.id}`);
		await page.goto(`${site.url}/playback?camera=${camera.id}&at=${first_at + 60_000}`);
		const timeline = page.getByTestId('timeline');
		await expect(timeline).not.toHaveAttribute('data-alarms', '0');
		const [from, to, box] = [Number(await timeline.getAttribute('data-from')), Number(await timeline.getAttribute('data-to')), await timeline.boundingBox()];
		await page.mouse.click((box?.x ?? 0) + ((first_at - from) / (to - from)) * (box?.width ?? 0), (box?.y ?? 0) + 34);
		await expect(page).toHaveURL(new RegExp(`alarm=${alarm.id}`));
	});

	test(`policy, push and rules are edited (${language})`, async ({ page, site }) => {
		await login(page, site);
		await speak(page, language);
		await page.goto(`${site.url}/alarms?tab=policy`);
		const save = page.getByRole('button', { name: say('ui.save'), exact: true });
		await page.locator('[name=mode-3]').selectOption('COUNT');
		await page.locator('[name=count-3]').fill('0');
		await expect(save).toBeDisabled();
		await page.locator('[name=count-3]').fill(language === 'en' ? '6' : '7');
		await expectAccessible(page);
		await save.click();
		await expect(page.getByText(say('policy.saved'))).toBeVisible();

		await page.getByRole('tab', { name: say('alarms.push'), exact: true }).click();
		await page.getByRole('button', { name: say('push.add') }).click();
		const dialog = page.getByRole('dialog');
		await dialog.locator('[name=channel_name]').fill(`Hook ${language}`);
		// Nothing listens there: the test says so.
		await dialog.locator('[name=url]').fill('http://127.0.0.1:9/alarm');
		await dialog.getByRole('button', { name: say('ui.save'), exact: true }).click();
		await expect(dialog).toHaveCount(0);
		await page.getByRole('button', { name: say('push.test.of', { name: `Hook ${language}` }) }).click();
		const row = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: say('push.test.of', { name: `Hook ${language}` }) }) });
		await expect(row.getByRole('status')).not.toBeEmpty({ timeout: 45_000 });
		await expectAccessible(page);

		await page.getByRole('tab', { name: say('alarms.rules') }).click();
		await page.getByRole('button', { name: say('rules.add') }).first().click();
		await dialog.locator('[name=rule_name]').fill(`Rule ${language}`);
		// Cameras and words are found by typing; what a camera has none of cannot be chosen.
		const [, camera] = site.cameras;
		await dialog.locator('[name=rule_cameras]').fill(camera?.name ?? '');
		await dialog.locator('[name=rule_cameras]').press('Enter');
		await dialog.locator('[name=rule_labels]').fill(say('engines.label.no_helmet'));
		await dialog.locator('[name=rule_labels]').press('Enter');
		await dialog.getByRole('button', { name: say('rules.do.add') }).click();
		await page.getByRole('menuitem', { name: say('rules.do.preset') }).click();
		await expect(dialog.getByText(say('rules.preset.any'))).toBeVisible();
		await dialog.locator('[name=action_camera]').fill(camera?.name ?? '');
		await dialog.locator('[name=action_camera]').press('Enter');
		await expect(dialog.getByText(say('rules.preset.none'))).toBeVisible();
		await dialog.getByRole('button', { name: say('rules.do.remove', { name: say('rules.do.preset') }) }).click();
		await dialog.getByRole('button', { name: say('rules.try'), exact: true }).click();
		await expect(dialog.getByText(new RegExp(say('rules.try.fired', { count: '\\d+' })))).toBeVisible();
		await expectAccessible(page);
		await dialog.getByRole('button', { name: say('ui.save'), exact: true }).click();
		await expect(page.getByRole('listitem').filter({ hasText: `Rule ${language}` })).toBeVisible();
		const { items: rules } = await site.api<{ items: { name: string; when: { camera_ids: number[]; labels: string[] } }[] }>('GET', '/alarm-rules');
		expect(rules.find(({ name }) => name === `Rule ${language}`)?.when).toMatchObject({ camera_ids: [camera?.id], labels: ['no_helmet'] });
	});
}

test('who may not see alarms has neither the room nor the bell', async ({ page, site }) => {
	await site.api('POST', '/users', { name: 'vera', role: 'viewer', password: 'a long password' });
	const answer = await page.request.post(`${site.url}/api/v1/login`, { data: { username: 'vera', password: 'a long password' }, headers: { origin: site.url } });
	expect(answer.ok(), await answer.text()).toBe(true);
	await page.goto(`${site.url}/wall`);
	await expect(page.getByRole('link', { name: 'Wall' })).toBeVisible();
	await expect(page.getByRole('link', { name: 'Alarms' })).toHaveCount(0);
	await expect(page.getByTestId('bell')).toHaveCount(0);
});
