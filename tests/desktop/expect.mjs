// What a test says: that something holds, that it comes to hold in time, that it cannot be checked here.

export class Skip extends Error {}

export function expect(holds, message) {
  if (!holds) throw new Error(message);
}

export function equal(found, wanted, what) {
  expect(found === wanted, `${what}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
}

// Waits until `condition` returns something true and returns that.
export async function until(what, limitMs, condition) {
  const end = Date.now() + limitMs;
  let last;
  while (Date.now() < end) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`not within ${limitMs} ms: ${what} (last: ${last instanceof Error ? last.message : JSON.stringify(last)})`);
}
