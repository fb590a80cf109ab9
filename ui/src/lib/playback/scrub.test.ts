import { expect, test } from 'vitest';
import { ScrubPictures, type Fetched } from './scrub';

/** A site that answers when it is told to. */
function site() {
	const asked: { url: string; answer: (found: Fetched) => void; signal: AbortSignal }[] = [];
	const shown: (string | undefined)[] = [];
	const ask = (url: string, signal: AbortSignal) => new Promise<Fetched>((answer) => asked.push({ url, answer, signal }));
	return { asked, shown, pictures: new ScrubPictures((address) => shown.push(address), ask) };
}

const picture = (): Fetched => ({ kind: 'picture', blob: new Blob(['x']) });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test('one request at a time, and only the newest wish waits', async () => {
	const { asked, shown, pictures } = site();
	for (const url of ['a', 'b', 'c', 'd']) pictures.want(url);
	expect(asked.map(({ url }) => url)).toEqual(['a']);
	asked[0]?.answer(picture());
	await settled();
	expect(asked.map(({ url }) => url)).toEqual(['a', 'd']);
	expect(shown).toEqual([]);
	asked[1]?.answer(picture());
	await settled();
	expect(shown).toHaveLength(1);
	expect(shown[0]).toMatch(/^blob:/);
});

test('what came is kept, and that there is nothing is kept too', async () => {
	const { asked, shown, pictures } = site();
	pictures.want('a');
	asked[0]?.answer(picture());
	await settled();
	pictures.want('b');
	asked[1]?.answer({ kind: 'none' });
	await settled();
	pictures.want('a');
	pictures.want('b');
	expect(asked).toHaveLength(2);
	expect(shown).toEqual([shown[0], undefined, shown[0], undefined]);
});

test('a site that fails is asked again, and where nothing is recorded nothing is asked', async () => {
	const { asked, shown, pictures } = site();
	pictures.want('a');
	asked[0]?.answer({ kind: 'failed' });
	await settled();
	pictures.want(undefined);
	pictures.want('a');
	expect(asked).toHaveLength(2);
	expect(shown).toEqual([undefined, undefined]);
});

test('closing ends what is under way', async () => {
	const { asked, shown, pictures } = site();
	pictures.want('a');
	pictures.close();
	expect(asked[0]?.signal.aborted).toBe(true);
	asked[0]?.answer({ kind: 'failed' });
	await settled();
	expect(asked).toHaveLength(1);
	expect(shown).toEqual([]);
});
