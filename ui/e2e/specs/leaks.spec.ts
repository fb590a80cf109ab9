import { expect, test } from '../support/fixtures';
import { allPlaying, counters, setLayout } from '../support/wall';

// The full number takes an hour and runs on request; the short one finds anything that leaks once per change.
const changes = Number(process.env.WATCHWALL_LAYOUT_CHANGES ?? 250);

test(`${changes} random layout changes and tab switches leak no player, socket or decoder`, async ({ wall, site }) => {
	test.setTimeout(120_000 + changes * 400);
	await setLayout(wall, 4);
	await allPlaying(wall, 4);
	const most = await wall.evaluate(async (rounds) => {
		const frame = () => new Promise(requestAnimationFrame);
		const press = (key: string, ctrlKey = false) => document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key, ctrlKey }));
		const until = async <T>(find: () => T | null | undefined): Promise<T | undefined> => {
			for (let tries = 0; tries < 300; tries++) {
				const found = find();
				if (found) return found;
				await frame();
			}
			return undefined;
		};
		const pick = <T>(list: ArrayLike<T>): T | undefined => list[Math.floor(Math.random() * list.length)];
		let most = 0;
		for (let round = 0; round < rounds; round++) {
			const dice = Math.random();
			if (dice < 0.4) {
				const trigger = await until(() => document.querySelector<HTMLElement>('[role="toolbar"] > button[aria-label^="Layout:"]'));
				trigger?.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, button: 0, pointerType: 'mouse' }));
				trigger?.click();
				const items = await until(() => {
					const found = document.querySelectorAll<HTMLElement>('[role="menuitem"]');
					return found.length > 5 ? found : null;
				});
				if (items) {
					const item = pick(items);
					item?.dispatchEvent(new PointerEvent('pointerup', { bubbles: true, button: 0, pointerType: 'mouse' }));
					item?.click();
				} else press('Escape');
			} else if (dice < 0.6) {
				press(pick(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown']) ?? 'ArrowLeft');
				press(String(1 + Math.floor(Math.random() * 9)));
				press('Enter');
			} else if (dice < 0.7) press('Delete');
			else if (dice < 0.8) press('z', true);
			else if (dice < 0.9) press('Enter');
			else {
				document.querySelector<HTMLElement>('nav a[href$="/settings"]')?.click();
				await until(() => location.pathname.endsWith('/settings'));
				await frame();
				document.querySelector<HTMLElement>('nav a[href$="/wall"]')?.click();
				await until(() => document.querySelector('[data-index]'));
			}
			await frame();
			most = Math.max(most, window.__watchwall?.counters.players ?? 0);
		}
		return most;
	}, changes);
	console.log(`at most ${most} players at a time`);

	await wall.getByRole('link', { name: 'Settings' }).click();
	await expect(async () => expect(await counters(wall)).toEqual({ players: 0, sockets: 0, decoders: 0, mediaSources: 0, objectUrls: 0 })).toPass({ timeout: 10_000 });
	await expect(async () => expect(await site.metric('live_viewers')).toBe(0)).toPass({ timeout: 15_000 });
	await wall.getByRole('link', { name: 'Wall' }).click();
	await setLayout(wall, 4);
	await expect(async () => expect((await counters(wall)).players).toBe(await wall.locator('[data-camera]').count())).toPass({ timeout: 10_000 });
});
