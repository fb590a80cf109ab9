import axe from 'axe-core';
import type { Page } from '@playwright/test';
import { expect, test } from '../support/fixtures';
import { allPlaying, setLayout, stateOf, tile } from '../support/wall';

async function violations(page: Page): Promise<string[]> {
	await page.evaluate(axe.source);
	return page.evaluate(async () => {
		const run = (window as unknown as { axe: typeof axe }).axe;
		const { violations } = await run.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
		return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
	});
}

test('the first visit fills the wall with the cameras there are', async ({ wall }) => {
	await expect(wall.locator('[data-camera]')).toHaveCount(16);
	await allPlaying(wall, 16, 30_000);
});

test('layouts keep cameras, and undo brings the old one back', async ({ wall }) => {
	await setLayout(wall, 4);
	await expect(wall.locator('[data-camera]')).toHaveCount(4);
	await setLayout(wall, 16);
	await expect(wall.locator('[data-camera]')).toHaveCount(16);
	await setLayout(wall, 9);
	await wall.keyboard.press('Control+z');
	await expect(wall.locator('[data-index]')).toHaveCount(16);
	await wall.reload();
	await expect(wall.locator('[data-index]')).toHaveCount(16);
});

test('everything works by keyboard', async ({ wall, site }) => {
	await setLayout(wall, 4);
	await tile(wall, 0).focus();
	await wall.keyboard.press('ArrowRight');
	await expect(tile(wall, 1)).toBeFocused();
	await wall.keyboard.press('ArrowDown');
	await expect(tile(wall, 3)).toBeFocused();
	await wall.keyboard.press('Enter');
	await expect(tile(wall, 0)).toBeHidden();
	await wall.keyboard.press('Escape');
	await expect(tile(wall, 0)).toBeVisible();
	const called = site.cameras[6];
	await wall.keyboard.type(String(called?.id));
	await wall.keyboard.press('Enter');
	await expect(tile(wall, 3)).toHaveAttribute('data-camera', String(called?.id));
	await allPlaying(wall, 4);
	await wall.keyboard.press('Space');
	await expect(stateOf(wall, 3)).toHaveAttribute('data-state', 'paused');
	await wall.keyboard.press('Space');
	await expect(stateOf(wall, 3)).toHaveAttribute('data-state', 'playing');
	await wall.keyboard.press('i');
	await expect(tile(wall, 3).getByText('Live age')).toBeVisible();
	await wall.keyboard.press('Delete');
	await expect(tile(wall, 3)).not.toHaveAttribute('data-camera');
	const download = wall.waitForEvent('download');
	await tile(wall, 0).focus();
	await wall.keyboard.press('s');
	expect((await download).suggestedFilename()).toMatch(/\.jpg$/);
});

test('instant replay plays the past and comes back to live', async ({ wall }) => {
	await setLayout(wall, 1);
	await allPlaying(wall, 1);
	await wall.keyboard.press('r');
	await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'replaying', { timeout: 10_000 });
	await wall.keyboard.press('r');
	await expect(stateOf(wall, 0)).toHaveAttribute('data-state', 'playing', { timeout: 10_000 });
});

test('a camera is dragged from the list onto a tile', async ({ wall, site }) => {
	await setLayout(wall, 4);
	await wall.locator('aside button.camera').nth(9).dragTo(tile(wall, 2));
	await expect(tile(wall, 2)).toHaveAttribute('data-camera', String(site.cameras[9]?.id));
});

test('a layout is saved, opened again and deleted with a way back', async ({ wall }) => {
	await setLayout(wall, 6);
	await wall.getByRole('button', { name: 'Saved layouts' }).click();
	await wall.getByRole('menuitem', { name: 'Save as new layout' }).click();
	await wall.getByLabel('Name').fill('Gates');
	await wall.getByRole('button', { name: 'Save', exact: true }).click();
	await expect(wall.getByText('Layout “Gates” saved.')).toBeVisible();
	await setLayout(wall, 1);
	await wall.getByRole('button', { name: 'Saved layouts' }).click();
	await wall.getByRole('menuitem', { name: 'Gates', exact: true }).click();
	await expect(wall.locator('[data-index]')).toHaveCount(6);
	await wall.getByRole('button', { name: 'Saved layouts' }).click();
	await wall.getByRole('menuitem', { name: 'Delete “Gates”' }).click();
	await expect(wall.getByText('Layout “Gates” deleted.')).toBeVisible();
	await wall.getByRole('button', { name: 'Undo', exact: true }).click();
	await wall.getByRole('button', { name: 'Saved layouts' }).click();
	await expect(wall.getByRole('menuitem', { name: 'Gates', exact: true })).toBeVisible();
});

test('the wall is accessible, in both themes', async ({ wall }) => {
	await allPlaying(wall, await wall.locator('[data-camera]').count(), 30_000);
	expect(await violations(wall)).toEqual([]);
	await wall.getByRole('button', { name: 'Light theme' }).click();
	expect(await violations(wall)).toEqual([]);
});

test('nothing shifts while tiles change their state', async ({ wall }) => {
	await setLayout(wall, 16);
	const shifted = wall.evaluate(
		() =>
			new Promise<number>((resolve) => {
				let sum = 0;
				new PerformanceObserver((list) => {
					for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
				}).observe({ type: 'layout-shift', buffered: false });
				setTimeout(() => resolve(sum), 5000);
			})
	);
	await wall.keyboard.press('Space');
	await wall.keyboard.press('Space');
	expect(await shifted).toBeLessThan(0.001);
});
