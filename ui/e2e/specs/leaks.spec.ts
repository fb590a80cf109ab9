import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures';
import { allPlaying, counters, setLayout } from '../support/wall';

// The full number takes an hour and runs on request; the short one finds whatever leaks once per change.
const changes = Number(process.env.WATCHWALL_LAYOUT_CHANGES ?? 60);
const arrows = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'];
const none = { players: 0, sockets: 0, decoders: 0, mediaSources: 0, objectUrls: 0 };

const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

async function change(page: Page): Promise<void> {
	const dice = Math.random();
	if (dice < 0.4) {
		await page.getByRole('button', { name: /^Layout:/ }).click();
		await page.getByRole('menuitem', { name: new RegExp(`^${any([1, 4, 6, 8, 9, 10, 13, 16])} tiles?$`) }).click();
		await expect(page.getByRole('menuitem')).toHaveCount(0);
	} else if (dice < 0.6) {
		await page.keyboard.press(any(arrows));
		await page.keyboard.press(String(1 + Math.floor(Math.random() * 9)));
		await page.keyboard.press('Escape');
	} else if (dice < 0.7) await page.keyboard.press('Delete');
	else if (dice < 0.8) await page.keyboard.press('Control+z');
	else if (dice < 0.9) {
		await page.locator('[data-index="0"]').focus();
		await page.keyboard.press('Enter');
		await page.keyboard.press('Escape');
	} else {
		await page.getByRole('link', { name: any(['Settings', 'Cameras']) }).click();
		await page.getByRole('link', { name: 'Wall' }).click();
		await expect(page.locator('[data-index]').first()).toBeVisible();
	}
}

test(`${changes} random layout changes and page switches leak no player, socket or decoder`, async ({ wall, site }) => {
	test.setTimeout(120_000 + changes * 2000);
	await setLayout(wall, 4);
	await allPlaying(wall, 4);
	let most = 0;
	for (let round = 0; round < changes; round++) {
		await change(wall);
		most = Math.max(most, (await counters(wall)).players ?? 0);
	}
	console.log(`at most ${most} players at a time`);
	expect(most).toBeLessThanOrEqual(32);

	await wall.getByRole('link', { name: 'Settings' }).click();
	await expect(async () => expect(await counters(wall)).toEqual(none)).toPass({ timeout: 10_000 });
	await expect(async () => expect(await site.metric('live_viewers')).toBe(0)).toPass({ timeout: 15_000 });

	await wall.getByRole('link', { name: 'Wall' }).click();
	await setLayout(wall, 4);
	const shown = await wall.locator('[data-camera]').count();
	await expect(async () => expect(await counters(wall)).toMatchObject({ players: shown, sockets: shown })).toPass({ timeout: 10_000 });
});
