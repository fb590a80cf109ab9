// Runs every Rust test there is, several test programs at a time: most tests wait for a camera or a disk.
// usage: node .ci/rust-tests.mjs PROGRAMS LOG [--but] [NAME...]: those of these names, or all but those.
// PROGRAMS is what `cargo test --no-run --message-format=json` says. Writes what each program printed, whole and one after the
// other, to LOG in the form of `cargo test`. Ends with 1 when one of them failed.
import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [list, log, ...rest] = process.argv.slice(2);
const isBut = rest[0] === '--but';
const names = isBut ? rest.slice(1) : rest;
/** Programs at a time, and tests at a time in each: together what two processors keep the pace of. */
const LANES = Number(process.env.WATCHWALL_TEST_LANES ?? 2);
const THREADS = process.env.RUST_TEST_THREADS ?? '5';
/** The longest first, or the last one runs alone at the end. */
const LONG = ['it', 'recording', 'fmp4_browsers', 'ingest', 'recording_drill', 'node', 'farm', 'outlet', 'onvif'];

/** Of what `cargo test --no-run --message-format=json` says. */
function read(list) {
	return readFileSync(list, 'utf8')
		.split('\n')
		.filter((line) => line.startsWith('{'))
		.map((line) => JSON.parse(line))
		.filter((said) => said.reason === 'compiler-artifact' && said.profile.test && said.executable)
		.map((said) => ({ name: said.target.name, kind: said.target.kind[0], path: said.executable, folder: dirname(said.manifest_path) }));
}

const rank = (name) => (LONG.includes(name) ? LONG.indexOf(name) : LONG.length);

function run(program, output) {
	const file = openSync(output, 'w');
	const child = spawn(program.path, ['--show-output'], {
		cwd: program.folder,
		stdio: ['ignore', file, file],
		env: { ...process.env, RUST_TEST_THREADS: THREADS, CARGO_MANIFEST_DIR: program.folder }
	});
	closeSync(file);
	return new Promise((done) => {
		child.on('error', (error) => done(String(error)));
		child.on('exit', (code, signal) => done(code === 0 ? null : `ended with ${signal ?? code}`));
	});
}

const programs = read(list)
	.filter((program) => names.length === 0 || names.includes(program.name) !== isBut)
	.sort((a, b) => rank(a.name) - rank(b.name));
if (programs.length === 0) {
	console.error(`error: no test program is called ${names.join(' or ')}`);
	process.exit(1);
}
const parts = `${log}.parts`;
rmSync(parts, { recursive: true, force: true });
mkdirSync(parts, { recursive: true });
const failed = [];
let next = 0;

async function lane() {
	while (next < programs.length) {
		const index = next++;
		const program = programs[index];
		const output = join(parts, `${index}-${program.name}.log`);
		const begun = Date.now();
		const problem = await run(program, output);
		const seconds = ((Date.now() - begun) / 1000).toFixed(1);
		appendFileSync(log, `     Running ${program.kind} ${program.name} (${program.path}) for ${seconds} s\n`);
		appendFileSync(log, readFileSync(output));
		if (problem) {
			appendFileSync(log, `error: test failed: ${program.kind} ${program.name} ${problem}\n\n`);
			failed.push(`${program.kind} ${program.name}`);
		}
	}
}

await Promise.all(Array.from({ length: LANES }, lane));
rmSync(parts, { recursive: true, force: true });
if (failed.length > 0) {
	appendFileSync(log, `error: ${failed.length} targets failed:\n${failed.map((name) => `    ${name}\n`).join('')}`);
	process.exit(1);
}
