/** Statements of days that no test can wait for, signed with the site's own key and laid where the site keeps them. */
import { createPrivateKey, sign } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestSite } from './site';

const hour = 3_600_000;

/** A day of which so many hours were recorded and the camera was away for the rest. */
export async function stateDay(site: TestSite, { path, camera, day, hours }: { path: string; camera: string; day: string; hours: number }): Promise<string> {
	const { fingerprint, pem } = await site.api<{ fingerprint: string; pem: string }>('GET', '/evidence/key');
	const from = Date.parse(`${day}T00:00:00Z`);
	const [cut, to] = [from + hours * hour, from + 24 * hour];
	const statement = {
		format: 'watchwall-statement-1',
		site: { name: 'Watchwall', time_zone: 'UTC', key_fingerprint: fingerprint },
		camera,
		path,
		day,
		range: { from, to },
		stated_at: to + 3 * hour,
		covered_ms: cut - from,
		coverage: [{ from, to: cut }],
		gaps: cut < to ? [{ from: cut, to, reason: 'camera_offline' }] : [],
		previous_sha256: null
	};
	const text = JSON.stringify(statement, undefined, 2) + '\n';
	const key = createPrivateKey(await readFile(join(site.folder, 'evidence.key'), 'utf8'));
	const folder = join(site.folder, 'proofs', day, path);
	await mkdir(folder, { recursive: true });
	await writeFile(join(folder, 'statement.json'), text);
	await writeFile(join(folder, 'statement.sig'), sign(null, Buffer.from(text), key));
	await writeFile(join(folder, 'site-key.pem'), pem);
	return folder;
}
