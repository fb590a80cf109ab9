/** The browser benchmarks in WebKitGTK. Needs a display; `make bench` brings one. */
import { runnerImport } from 'vite';

const { module } = await runnerImport(new URL('./webkit.ts', import.meta.url).pathname, { configFile: false, logLevel: 'error' });
process.exit(await module.run());
