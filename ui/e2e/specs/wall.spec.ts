import { expectAccessible } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { allPlaying, setLayout, stateOf, tile } from '../support/wall';

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
	await wall.locator('aside [role="treeitem"].camera').nth(9).dragTo(tile(wall, 2));
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

test('the dialogs of the wall are accessible', async ({ wall }) => {
	await setLayout(wall, 4);
	await wall.keyboard.press('?');
	await expect(wall.getByRole('dialog', { name: 'Keyboard' })).toBeVisible();
	await expectAccessible(wall);
	await wall.keyboard.press('Escape');
	await wall.getByRole('button', { name: /^Layout:/ }).click();
	await wall.getByRole('menuitem', { name: 'Free layout' }).click();
	await expect(wall.getByRole('dialog', { name: 'Free layout' })).toBeVisible();
	await expectAccessible(wall);
});

test('nothing shifts while tiles change their state', async ({ wall }) => {
	await setLayout(wall, 16);
	// The menu gives the focus back to its button, which Space would press.
	const button = wall.getByRole('button', { name: /^Layout:/ });
	await expect(button).toBeFocused();
	await button.blur();
	const shifted = wall.evaluate(
		() =>
			new Promise<string[]>((resolve) => {
				interface LayoutShift extends PerformanceEntry {
					value: number;
					sources: { node?: Node; previousRect: DOMRectReadOnly; currentRect: DOMRectReadOnly }[];
				}
				const place = ({ x, y, width, height }: DOMRectReadOnly) => [x, y, width, height].map(Math.round).join(' ');
				const shifts: string[] = [];
				new PerformanceObserver((list) => {
					for (const { sources } of list.getEntries() as LayoutShift[]) {
						for (const { node, previousRect, currentRect } of sources) {
							const element = node instanceof Element ? node : node?.parentElement;
							shifts.push(`${element?.outerHTML.slice(0, 120)}: ${place(previousRect)} -> ${place(currentRect)}`);
						}
					}
				}).observe({ type: 'layout-shift', buffered: false });
				setTimeout(() => resolve(shifts), 5000);
			})
	);
	await wall.keyboard.press('Space');
	await wall.keyboard.press('Space');
	expect(await shifted).toEqual([]);
});

test('the camera list works by keyboard and finds by name and number', async ({ wall, site }) => {
	await setLayout(wall, 4);
	const [first] = site.cameras;
	const field = wall.getByRole('searchbox', { name: 'Search cameras' });
	await wall.keyboard.press('/');
	await expect(field).toBeFocused();
	await field.fill(site.cameras[8]?.name ?? '');
	const items = wall.locator('[role="treeitem"].camera');
	await expect(items).toHaveCount(1);
	await wall.keyboard.press('Enter');
	await expect(wall.locator(`[data-camera="${site.cameras[8]?.id}"]`)).toBeVisible();
	await wall.keyboard.press('Escape');
	await expect(items).toHaveCount(site.cameras.length);
	await tile(wall, 2).focus();
	await wall.getByRole('tree').focus();
	await wall.keyboard.press('ArrowDown');
	await wall.keyboard.press('Home');
	await expect(wall.getByRole('tree')).toBeFocused();
	await wall.keyboard.press('Enter');
	await expect(wall.locator(`[data-camera="${first?.id}"]`)).toBeVisible();
});

test('a pinned tile keeps its camera when others are called or dropped', async ({ wall, site }) => {
	await setLayout(wall, 4);
	await tile(wall, 1).focus();
	const kept = await tile(wall, 1).getAttribute('data-camera');
	await wall.keyboard.press('l');
	await expect(tile(wall, 1).getByRole('img', { name: 'Pinned' })).toBeVisible();
	const called = site.cameras.at(-1);
	await wall.keyboard.type(String(called?.id));
	await wall.keyboard.press('Enter');
	await expect(tile(wall, 2)).toHaveAttribute('data-camera', String(called?.id));
	await expect(tile(wall, 1)).toHaveAttribute('data-camera', kept ?? '');
	await wall.locator('[role="treeitem"].camera').nth(9).dragTo(tile(wall, 1));
	await expect(tile(wall, 1)).toHaveAttribute('data-camera', kept ?? '');
	await setLayout(wall, 1);
	await expect(tile(wall, 0)).toHaveAttribute('data-camera', kept ?? '');
	await tile(wall, 0).focus();
	await wall.keyboard.press('l');
	await wall.keyboard.type(String(called?.id));
	await wall.keyboard.press('Enter');
	await expect(tile(wall, 0)).toHaveAttribute('data-camera', String(called?.id));
});

test('a free layout is arranged by pointer and keys, saved with its name, and opened again', async ({ wall, site }) => {
	await setLayout(wall, 4);
	await wall.getByRole('button', { name: /^Layout:/ }).click();
	await wall.getByRole('menuitem', { name: 'Free layout' }).click();
	const editor = wall.getByRole('dialog', { name: 'Free layout' });
	await editor.getByLabel('Columns').fill('4');
	await editor.getByLabel('Rows').fill('3');
	await expect(editor.locator('[data-place]')).toHaveCount(12);
	await editor.locator('[data-place="0,0"] .handle').dragTo(editor.locator('[data-place="2,1"]'));
	await expect(editor.locator('[data-place]')).toHaveCount(7);
	await editor.locator('[data-place="0,0"]').focus();
	await wall.keyboard.press('ArrowRight');
	await expect(editor.locator('[data-place="1,0"]')).toBeFocused();
	await wall.keyboard.press('Shift+ArrowDown');
	await expect(editor.locator('[data-place]')).toHaveCount(4);
	await editor.getByRole('button', { name: 'Use this layout' }).click();
	await expect(wall.locator('[data-index]')).toHaveCount(4);
	await allPlaying(wall, await wall.locator('[data-camera]').count());
	await tile(wall, 0).focus();
	await wall.keyboard.press('l');

	await wall.getByRole('button', { name: 'Saved layouts' }).click();
	await wall.getByRole('menuitem', { name: 'Save as new layout' }).click();
	await wall.getByLabel('Name').fill('Corner');
	await wall.getByRole('button', { name: 'Save', exact: true }).click();
	const menu = wall.getByRole('button', { name: 'Saved layouts' });
	await menu.click();
	await wall.getByRole('menuitem', { name: 'Name and sharing of “Corner”' }).click();
	await wall.getByLabel('Name').fill('South corner');
	await wall.getByRole('switch', { name: 'Everyone on this site may use it' }).check();
	await wall.getByRole('button', { name: 'Save', exact: true }).click();
	await expect(menu).toContainText('South corner');
	const saved = await site.api<{ items: { name: string; shared: boolean; grid: { columns: number; tiles: unknown[] } }[] }>('GET', '/layouts');
	expect(saved.items.find((layout) => layout.name === 'South corner')).toMatchObject({ shared: true, grid: { columns: 4 } });
	await setLayout(wall, 1);
	await menu.click();
	await wall.getByRole('menuitem', { name: 'South corner (shared)' }).click();
	await expect(wall.locator('[data-index]')).toHaveCount(4);
	await expect(menu).toHaveText('South corner');
	await expect(tile(wall, 0).getByRole('img', { name: 'Pinned' })).toBeVisible();
});

test.describe('an address that leads nowhere', () => {
	test.use({ allowedErrors: [[/Not found: \/nowhere/, /status of 404/], { scope: 'test' }] });

	test('says so and leads back', async ({ wall, site }) => {
		await wall.goto(`${site.url}/nowhere`);
		await expect(wall.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
		await expectAccessible(wall);
		await wall.getByRole('button', { name: 'Wall', exact: true }).click();
		await expect(wall).toHaveURL(/\/wall/);
	});
});
