#!/usr/bin/env node
// What `scoville` starts: settings of V8, and the command, out of code that an earlier run has made.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type * as Main from './bin.ts';
import { KeptCode } from './cli/kept-code.ts';
import { pathsOf } from './cli/paths.ts';

/** Of all files that are run, when they were bundled. */
declare const CODE_ID: string;

/**
 * V8 optimizes what is called often, beside the work and on the same processors: a fourth of the
 * time of a cold grade. Let it wait for more calls. By version of V8, which writes an error for a
 * flag that it does not know: 11 is Node 20, 12 and 13 are Node 22 to 24.
 */
const LATER_OPTIMIZATION: Readonly<Record<string, string>> = {
  11: '--interrupt-budget=300000',
  12: '--invocation-count-for-turbofan=20000',
  13: '--invocation-count-for-turbofan=20000',
};
const later = LATER_OPTIMIZATION[process.versions.v8.split('.', 1)[0] ?? ''];
// Code that was made with other flags is not taken.
if (later !== undefined) setFlagsFromString(later);

const program = { folder: __dirname, id: CODE_ID, require };
const code = new KeptCode(program, fileOf(process.argv[2] ?? ''));
process.on('exit', (exitCode) => {
  // What was interrupted or mistyped says little of the next run.
  if (exitCode === 0 || exitCode === 1) code.keep();
});
const { run } = code.load('main.js') as typeof Main;
run((url) => import(url));

/** Undefined where the command will refuse the environment. */
function fileOf(command: string): string | undefined {
  const name = /^[a-z]{1,20}$/.test(command) ? command : 'other';
  try {
    const outside = { env: process.env, homeDir: homedir(), cwd: process.cwd() };
    return join(pathsOf(outside).cache, 'code', 'v1', name);
  } catch {
    return undefined;
  }
}
