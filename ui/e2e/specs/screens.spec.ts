import { expectAccessible } from '../support/axe';
import { expect, login, test } from '../support/fixtures';
import { allPlaying } from '../support/wall';

// Pictures for a person to look at, in test-results/screens; the test itself finds what is cut off.
const sizes = [
	{ width: 1280, height: 720, theme: 'dark' },
	{ width: 1920, height: 1080, theme: 'light' }
];
/** Checked against WCAG 2.2 AA here, in both themes; the other rooms have specs of their own. */
const checked = ['wall', 'cameras', 'recording', 'playground'];

for (const language of ['en', 'zh-CN']) {
	for (const size of sizes) {
		test(`screens in ${language} at ${size.width}x${size.height}, ${size.theme}`, async ({ page, site }) => {
			await page.setViewportSize(size);
			const preferences = JSON.stringify({ language, theme: size.theme, navCollapsed: false });
			await page.addInitScript((chosen) => localStorage.setItem('watchwall.preferences', chosen), preferences);
			await login(page, site);
			for (const room of ['wall', 'playback', 'cameras', 'recording', 'reports', 'settings', 'playground']) {
				await page.goto(`${site.url}/${room}`);
				if (room === 'wall') await allPlaying(page, 16, 30_000);
				else await page.waitForLoadState('networkidle');
				expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${room} is wider than the window`).toBeLessThanOrEqual(0);
				await page.screenshot({ path: `test-results/screens/${room}-${language}-${size.width}.png` });
				if (size.theme === 'dark' && checked.includes(room)) await expectAccessible(page);
			}
		});
	}
}
