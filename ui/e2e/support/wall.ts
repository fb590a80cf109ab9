/** The wall as a user of the page sees it. */
import { expect, type Locator, type Page } from '@playwright/test';
import { samplingScript, type Samples, type Sampling } from './clock';

export function tile(page: Page, index: number): Locator {
	return page.locator(`[data-index="${index}"]`);
}

export function stateOf(page: Page, index: number): Locator {
	return tile(page, index).getByTestId('tile-state');
}

export async function setLayout(page: Page, count: number): Promise<void> {
	await page.getByRole('button', { name: /^Layout:/ }).click();
	await page.getByRole('menuitem', { name: new RegExp(`^${count} tiles?$`) }).click();
	await expect(page.locator('[data-index]')).toHaveCount(count);
}

/** Every tile with a camera plays. */
export async function allPlaying(page: Page, count: number, timeout = 20_000): Promise<void> {
	await expect(page.locator('[data-state="playing"]')).toHaveCount(count, { timeout });
}

export function sample(page: Page, sampling: Sampling): Promise<Samples> {
	return page.evaluate(samplingScript(sampling)) as Promise<Samples>;
}

export function counters(page: Page): Promise<Record<string, number>> {
	return page.evaluate(() => ({ ...(window.__watchwall?.counters ?? {}) }) as Record<string, number>);
}
