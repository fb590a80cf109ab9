/** What a screen reader's user would stumble over, in both languages and themes. */
import axe from 'axe-core';
import type { Page } from '@playwright/test';
import { expect } from './fixtures';

async function violations(page: Page): Promise<string[]> {
	await page.evaluate(axe.source);
	return page.evaluate(async () => {
		const run = (window as unknown as { axe: typeof axe }).axe;
		const { violations } = await run.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
		return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
	});
}

/** The page as it stands, in this language, dark and light. */
export async function expectAccessible(page: Page): Promise<void> {
	for (const theme of ['dark', 'light']) {
		await page.evaluate((one) => (document.documentElement.dataset.theme = one), theme);
		expect(await violations(page), `${theme} ${new URL(page.url()).pathname}`).toEqual([]);
	}
	await page.evaluate(() => (document.documentElement.dataset.theme = 'dark'));
}

/** Opens every later page of this browser in a language, as its user would have left it. */
export async function speak(page: Page, language: 'en' | 'zh-CN'): Promise<void> {
	await page.addInitScript((chosen) => {
		const held = JSON.parse(localStorage.getItem('watchwall.preferences') ?? '{}') as object;
		localStorage.setItem('watchwall.preferences', JSON.stringify({ ...held, language: chosen }));
	}, language);
}
