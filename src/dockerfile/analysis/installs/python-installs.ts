import type { InstalledName } from '../../../model/build-analysis.ts';
import { lookup } from '../../../model/lookup.ts';
import type { Field } from '../../shell/fields.ts';
import { type CommandLine, readCommandLine } from '../command-line.ts';
import {
  type FoundInstall,
  type InstallContext,
  type InstallReader,
  install,
  lockedBy,
  named,
} from './install-context.ts';
import { parseRequirements, requirement } from './requirements.ts';

function pipPackage(field: Field): InstalledName | undefined {
  const { text } = field;
  // Addresses are downloads; wheel and archive files were put there before.
  if (/^(?:git\+|https?:|file:)|\s@\s|@ ?(?:git\+|https?:)/.test(text)) return undefined;
  if (/\.(?:whl|tar\.gz|zip)$/.test(text)) return undefined;
  if (/^\.{0,2}\/?$|^\.{0,2}\/|^\.\[/.test(text)) return { name: text };
  return requirement(text) ?? { name: text };
}

function requirementsOf(
  files: readonly Field[],
  context: InstallContext,
): { packages: readonly InstalledName[]; unread: string | undefined; hashed: boolean } {
  const packages: InstalledName[] = [];
  let unread: string | undefined;
  let hashed = files.length > 0;
  const open = files.map((file) => file.text);
  for (let count = 0; open.length > 0 && count < 16; count += 1) {
    const path = open.shift() ?? '';
    const text = context.fileText(path);
    if (text === undefined) {
      unread ??= path;
      hashed = false;
      continue;
    }
    const read = parseRequirements(text);
    packages.push(...read.packages);
    hashed &&= read.hashed;
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    open.push(...read.includes.map((include) => folder + include));
  }
  return { packages, unread, hashed };
}

function pipInstall(
  line: CommandLine,
  operands: readonly Field[],
  context: InstallContext,
  manager: 'pip' | 'uv',
): readonly FoundInstall[] {
  const files = line.values('-r', '--requirement');
  const read = requirementsOf(files, context);
  const constraints = line.values('-c', '--constraint')[0]?.text;
  const alone = line.has('--no-deps');
  const own = [...operands, ...line.values('-e', '--editable')]
    .flatMap((field) => pipPackage(field) ?? [])
    // A local project without its dependencies fetches nothing.
    .filter(({ name }) => !(alone && /^\./.test(name)));
  const packages = [...own, ...read.packages];
  // Files of comments alone install nothing.
  if (packages.length === 0 && read.unread === undefined) return [];
  const unpinned = packages.some((p) => p.pin === undefined);
  const file = read.unread ?? (constraints !== undefined && unpinned ? constraints : undefined);
  return [
    install(manager, packages, {
      lockFile: line.has('--require-hashes') || (read.hashed && own.length === 0),
      frozenRepository: line.has('--no-index', '--exclude-newer'),
      ...(file === undefined ? {} : { requirementsFile: file }),
    }),
  ];
}

const pip: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  const [verb, ...operands] = line.operands;
  if (!['install', 'download', 'wheel'].includes(verb?.text ?? '')) return [];
  return pipInstall(line, operands, context, 'pip');
};

/** `ruff==0.5`, and `ruff@0.5.0` as uv and poetry spell it. */
function withAt(text: string): InstalledName {
  const at = text.lastIndexOf('@');
  return at > 0
    ? named(text.slice(0, at), text.slice(at + 1), /^\d[\w.]*$/)
    : (requirement(text) ?? { name: text });
}

/** `uvx TOOL` fetches what it runs. */
const uvx: InstallReader = (program, argv) => {
  const line = readCommandLine(program, argv);
  const tool = (line.values('--from')[0] ?? line.operands[0])?.text;
  return tool === undefined ? [] : [install('uv', [withAt(tool)])];
};

/** `pipx run TOOL` fetches what it runs, `pipx install` is pip's. */
const pipx: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  if (line.operands[0]?.text !== 'run') return pip(program, argv, context);
  const tool = (line.values('--spec')[0] ?? line.operands[1])?.text;
  const isNamed = tool !== undefined && !/^(?:git\+|https?:|\.{0,2}\/)/.test(tool);
  return isNamed ? [install('pip', [withAt(tool)])] : [];
};

/** pdm installs what its lock file says; `sync`, and `install` where it is told so, refuse to depart from it. */
const pdm: InstallReader = (program, argv) => {
  const line = readCommandLine(program, argv);
  const [verb, ...operands] = line.operands;
  if (verb?.text === 'add')
    return [
      install(
        'other',
        operands.map(({ text }) => withAt(text)),
      ),
    ];
  if (verb?.text !== 'install' && verb?.text !== 'sync') return [];
  const lockFile = verb.text === 'sync' || line.has('--frozen-lockfile', '--no-lock', '--check');
  return [install('other', [], { lockFile })];
};

const uv: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  const [verb, second, ...rest] = line.operands.map((f) => f.text);
  const operands = line.operands.slice(2);
  if (verb === 'pip' && second === 'install') return pipInstall(line, operands, context, 'uv');
  if (verb === 'pip' && second === 'sync') {
    const read = requirementsOf(operands, context);
    const file = read.unread === undefined ? {} : { requirementsFile: read.unread };
    return [install('uv', read.packages, { lockFile: line.has('--require-hashes'), ...file })];
  }
  if (verb === 'tool' && second === 'install') return [install('uv', [withAt(rest[0] ?? '')])];
  if (verb === 'run') {
    const own = readCommandLine(program, argv);
    const packages = own.values('--with').flatMap(({ text }) => text.split(',').map(withAt));
    return packages.length === 0 ? [] : [install('uv', packages)];
  }
  if (verb === 'add')
    return [
      install(
        'uv',
        line.operands.slice(1).flatMap((f) => pipPackage(f) ?? []),
      ),
    ];
  if (verb !== 'sync') return [];
  const frozen = line.has('--frozen', '--locked') || context.variable('UV_FROZEN') === '1';
  const locked = frozen || context.variable('UV_LOCKED') === '1';
  return [install('uv', [], { lockFile: locked, frozenRepository: line.has('--exclude-newer') })];
};

/** poetry installs what its lock file says, and refuses one that does not fit, when there is one. */
const poetry: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  const [verb, ...operands] = line.operands;
  const folder = line.values('-C', '-P', '--directory', '--project')[0]?.text;
  if (verb?.text === 'install' || verb?.text === 'sync')
    return [lockedBy('poetry', 'poetry.lock', context.lockFile('poetry.lock', folder))];
  if (verb?.text !== 'add') return [];
  return [
    install(
      'poetry',
      operands.map(({ text }) => withAt(text)),
    ),
  ];
};

const pipenv: InstallReader = (program, argv) => {
  const line = readCommandLine(program, argv);
  const [verb, ...operands] = line.operands;
  if (verb?.text === 'sync') return [install('pipenv', [], { lockFile: true })];
  if (verb?.text !== 'install') return [];
  const lockFile = line.has('--deploy', '--ignore-pipfile');
  return [
    install(
      'pipenv',
      operands.flatMap((f) => pipPackage(f) ?? []),
      { lockFile },
    ),
  ];
};

const conda: InstallReader = (program, argv) => {
  const line = readCommandLine(program, argv);
  const env = line.operands[0]?.text === 'env';
  const [verb, ...operands] = env ? line.operands.slice(1) : line.operands;
  if (!['install', 'create', 'update', 'upgrade'].includes(verb?.text ?? '')) return [];
  const file = line.values('-f', '--file')[0]?.text;
  const packages = (env ? [] : operands).map(({ text }) => {
    const parts = /^([^=<>!~]+)={1,2}(.+)$/.exec(text);
    return parts === null
      ? { name: text.replace(/[<>!~].*/s, '') }
      : named(parts[1] ?? '', parts[2] ?? '', /^[^*<>]+$/);
  });
  if (packages.length === 0 && file === undefined) return [];
  return [install('conda', packages, file === undefined ? {} : { requirementsFile: file })];
};

export const PYTHON_INSTALLS = lookup<InstallReader>({
  pip,
  pip3: pip,
  pipx,
  pdm,
  uv,
  uvx,
  poetry,
  pipenv,
  conda,
  mamba: conda,
  micromamba: conda,
});
