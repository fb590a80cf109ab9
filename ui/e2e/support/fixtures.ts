/** What every spec builds on: a site per worker, a logged-in page, and a collector that fails a test on any error. */
import { expect, test as base, type Page } from '@playwright/test';
import { administrator, binary, TestSite } from './site';

interface Fixtures {
	/** Console errors that a test provokes on purpose. */
	allowedErrors: RegExp[];
	errors: string[];
	/** The wall, logged in. */
	wall: Page;
}

interface WorkerFixtures {
	cameras: number;
	gopMs: number | undefined;
	fps: number | undefined;
	/** Whether cameras are recorded from the start. */
	records: boolean;
	site: TestSite;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
	cameras: [16, { option: true, scope: 'worker' }],
	gopMs: [undefined, { option: true, scope: 'worker' }],
	fps: [undefined, { option: true, scope: 'worker' }],
	records: [true, { option: true, scope: 'worker' }],

	site: [
		async ({ cameras, gopMs, fps, records }, use) => {
			// Without a program every test is skipped, and says so.
			const site = binary() ? await TestSite.start({ cameras, gopMs, fps, records }) : undefined;
			await use(site as TestSite);
			await site?.stop();
		},
		{ scope: 'worker', timeout: 180_000 }
	],

	allowedErrors: [[], { option: true }],

	errors: [
		async ({ page, allowedErrors }, use) => {
			const errors: string[] = [];
			const note = (text: string) => {
				if (!allowedErrors.some((allowed) => allowed.test(text))) errors.push(text);
			};
			page.on('console', (message) => {
				if (message.type() === 'error') note(message.text());
			});
			page.on('pageerror', (error) => note(`${error.name}: ${error.message}`));
			await use(errors);
			expect(errors, 'errors in the console').toEqual([]);
		},
		{ auto: true }
	],

	wall: async ({ page, site }, use) => {
		await login(page, site);
		await page.goto(`${site.url}/wall`);
		await use(page);
	}
});

test.skip(() => !binary(), 'skipped: WATCHWALL_BIN names no program');

/** Through the API, which sets the cookie; the login page has a spec of its own. */
export async function login(page: Page, site: TestSite): Promise<void> {
	const answer = await page.request.post(`${site.url}/api/v1/login`, { data: administrator, headers: { origin: site.url } });
	expect(answer.ok(), await answer.text()).toBe(true);
}

export { expect };
