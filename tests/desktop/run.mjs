// Drives the real desktop window. Needs a screen (Xvfb will do), WebKitWebDriver and the built programs:
// WATCHWALL_DESKTOP_BIN, WATCHWALL_BIN. `node tests/desktop/run.mjs [NAME...]` runs the specs whose name contains NAME.
// Prints one line per test and ends with `N passed, N failed, N skipped`.
import { readdirSync } from 'node:fs';
import { Skip } from './expect.mjs';

const wanted = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };
const folder = new URL('./specs/', import.meta.url);

for (const file of readdirSync(folder).sort()) {
  const { tests } = await import(new URL(file, folder));
  for (const [name, test] of Object.entries(tests)) {
    const title = `${file.replace('.mjs', '')}: ${name}`;
    if (wanted.length > 0 && !wanted.some((word) => title.includes(word))) continue;
    await one(title, test);
  }
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;

// Whatever a test opened is closed in reverse order, also after a failure.
async function one(title, test) {
  const opened = [];
  const started = Date.now();
  try {
    await test((resource) => (opened.push(resource), resource));
    counts.passed += 1;
    console.log(`ok      ${title} (${Date.now() - started} ms)`);
  } catch (error) {
    if (error instanceof Skip) {
      counts.skipped += 1;
      console.log(`skipped: ${error.message} (${title})`);
    } else {
      counts.failed += 1;
      console.log(`FAILED  ${title} (${Date.now() - started} ms)\n${error.stack}`);
      for (const resource of opened) if (resource.log) console.log(indent(resource.log()));
    }
  } finally {
    for (const resource of opened.reverse()) await resource.close?.().catch((error) => console.log(String(error)));
  }
}

function indent(text) {
  return text.split('\n').slice(-40).map((line) => `    | ${line}`).join('\n');
}
