/** The core checks in WebKitGTK, the engine of the desktop window. Needs a display; `make test` brings one. */
import { runnerImport } from 'vite';

const { module } = await runnerImport(new URL('./checks.ts', import.meta.url).pathname, { configFile: false, logLevel: 'error' });
process.exit(await module.run());
