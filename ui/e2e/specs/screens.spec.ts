import { expect, login, test } from '../support/fixtures';
import { allPlaying } from '../support/wall';

// Pictures for a person to look at, in test-results/screens; the test itself finds what is cut off.
const sizes = [
	{ width: 1280, height: 720 },
	{ width: 1920, height: 1080 }
];

for (const language of ['en', 'zh-CN']) {
	for (const size of sizes) {
		test(`screens in ${language} at ${size.width}x${size.height}`, async ({ page, site }) => {
			await page.setViewportSize(size);
			await page.addInitScript((chosen) => localStorage.setItem('watchwall.preferences', JSON.stringify({ language: chosen, navCollapsed: false })), language);
			await login(page, site);
			for (const room of ['wall', 'playback', 'cameras', 'settings', 'playground']) {
				await page.goto(`${site.url}/${room}`);
				if (room === 'wall') await allPlaying(page, 16, 30_000);
				else await page.waitForLoadState('networkidle');
				expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${room} is wider than the window`).toBeLessThanOrEqual(0);
				await page.screenshot({ path: `test-results/screens/${room}-${language}-${size.width}.png` });
			}
		});
	}
}
