import type { InstalledName } from '../../../model/build-analysis.ts';
import type { Field } from '../../shell/fields.ts';
import { readCommandLine } from '../command-line.ts';
import { type InstallReader, install, lockedBy, named } from './install-context.ts';

const EXACT = /^v?\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;

/** `name@1.2.3`, `@scope/name@1.2.3`; files, folders and addresses are none. */
function npmSpec(text: string): InstalledName | undefined {
  const commit = /^(?:git\+|github:|gitlab:|[\w-]+\/[\w.-]+#)[^#]*#?([0-9a-f]{40})?$/.exec(text);
  if (commit !== null) return undefined;
  if (/^(?:\.{0,2}\/|file:|https?:|git[@+:])/.test(text) || /\.tgz$/.test(text)) return undefined;
  const at = text.indexOf('@', 1);
  return at < 0 ? { name: text } : named(text.slice(0, at), text.slice(at + 1), EXACT);
}

function specs(operands: readonly Field[]): readonly InstalledName[] {
  return operands.flatMap((field) => npmSpec(field.text) ?? []);
}

const npm: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  const [verb, ...operands] = line.operands;
  // `npm exec -y PACKAGE` is npx.
  if (verb?.text === 'exec' || verb?.text === 'x') return npx('npx', argv.slice(1), context);
  if (['ci', 'clean-install', 'ic', 'install-clean'].includes(verb?.text ?? ''))
    return [install('npm', [], { lockFile: true })];
  if (
    ![
      'install',
      'i',
      'add',
      'in',
      'isntall',
      'update',
      'up',
      'upgrade',
      'udpate',
      'install-test',
      'it',
    ].includes(verb?.text ?? '')
  )
    return [];
  const packages = specs(operands);
  if (operands.length > 0 && packages.length === 0) return [];
  return [install('npm', packages, { frozenRepository: line.has('--before') })];
};

/** `npx PACKAGE` fetches what is not there when it may do so without asking. */
const npx: InstallReader = (program, argv) => {
  const line = readCommandLine(program, argv);
  const wanted = line.values('-p', '--package');
  // Without either it may be a program of the project at hand; one with a version is fetched.
  const first = line.operands.slice(0, 1);
  const isFetched = line.has('-y', '--yes') || first.some((f) => /.@/.test(f.text));
  if (wanted.length === 0 && !isFetched) return [];
  const packages = specs(wanted.length > 0 ? wanted : first);
  return packages.length === 0 ? [] : [install('npm', packages)];
};

const yarn: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  const [verb, ...operands] = line.operands;
  const global = verb?.text === 'global' && operands[0]?.text === 'add';
  if (verb?.text === 'add' || verb?.text === 'dlx' || global) {
    const words = global ? operands.slice(1) : operands;
    const packages = specs(verb.text === 'dlx' ? words.slice(0, 1) : words);
    return packages.length === 0 ? [] : [install('yarn', packages)];
  }
  if (/^(?:upgrade|up)$/.test(verb?.text ?? '')) return [install('yarn', specs(operands))];
  if (verb?.text === 'global' && operands[0]?.text === 'upgrade')
    return [install('yarn', specs(operands.slice(1)))];
  if (verb !== undefined && verb.text !== 'install') return [];
  if (verb === undefined && line.has('--version', '-v', '--help')) return [];
  const isImmutable =
    line.has('--immutable', '--immutable-cache') ||
    /^(?:1|true)$/.test(context.variable('YARN_ENABLE_IMMUTABLE_INSTALLS') ?? '');
  if (isImmutable) return [install('yarn', [], { lockFile: true })];
  // Without a yarn.lock, Yarn 1 takes the newest and says nothing, `--frozen-lockfile` or not.
  const folder = line.values('--cwd')[0]?.text;
  return line.has('--frozen-lockfile')
    ? [lockedBy('yarn', 'yarn.lock', context.lockFile('yarn.lock', folder))]
    : [install('yarn', [])];
};

const pnpm: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  const [verb, ...operands] = line.operands;
  const name = verb?.text ?? '';
  const manager = program === 'bun' ? 'bun' : 'pnpm';
  const plain = ['install', 'i'].includes(name);
  if (name === 'ci' || (name === 'fetch' && program === 'pnpm'))
    return [install(manager, [], { lockFile: true })];
  if (name === 'add' || name === 'dlx' || (plain && operands.length > 0)) {
    const packages = specs(name === 'dlx' ? operands.slice(0, 1) : operands);
    return packages.length === 0 ? [] : [install(manager, packages)];
  }
  if (/^(?:update|up|upgrade)$/.test(name)) return [install(manager, specs(operands))];
  if (!plain) return [];
  // pnpm takes the lock file as frozen where CI is set.
  const ci = program === 'pnpm' && /^(?:1|true)$/.test(context.variable('CI') ?? '');
  const refused = line.has('--no-frozen-lockfile');
  const lockFile = !refused && (ci || line.has('--frozen-lockfile', '--offline'));
  return [install(manager, [], { lockFile })];
};

/** `corepack prepare pnpm@9.1.0 --activate`. */
const corepack: InstallReader = (program, argv) => {
  const [verb, ...operands] = readCommandLine(program, argv).operands;
  const wanted = verb?.text === 'prepare' || verb?.text === 'install' || verb?.text === 'use';
  const packages = wanted
    ? operands.map(({ text }) => npmSpec(text.replace(/\+sha\d+\..*/s, '')) ?? { name: text })
    : [];
  return packages.length === 0 ? [] : [install('npm', packages)];
};

export const JAVASCRIPT_INSTALLS: Readonly<Record<string, InstallReader>> = {
  npm,
  npx,
  bunx: npx,
  pnpx: npx,
  yarn,
  yarnpkg: yarn,
  pnpm,
  bun: pnpm,
  corepack,
};
