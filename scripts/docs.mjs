// Builds the documentation into site/dist: installs the generator where it is missing, builds, and fails on dead links
// or anything that a page would load from another host.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const wanted = JSON.parse(readFileSync('site/package.json', 'utf8')).devDependencies.vitepress;
const installed = 'site/node_modules/vitepress/package.json';
const isThere =
  existsSync(installed) && JSON.parse(readFileSync(installed, 'utf8')).version === wanted;
// No install script is needed, and none is run.
if (!isThere) run('npm', ['ci', '--prefix', 'site', '--ignore-scripts', '--no-audit', '--no-fund']);
run(process.execPath, ['site/node_modules/vitepress/bin/vitepress.js', 'build', 'site']);

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
