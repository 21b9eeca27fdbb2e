import type { InstalledName, PackageManager } from '../../../model/build-analysis.ts';
import { managerNamed } from '../../../programs/managers/catalogue.ts';
import type { Field } from '../../shell/fields.ts';
import { readCommandLine } from '../command-line.ts';
import { type FoundInstall, type InstallReader, install, named } from './install-context.ts';

/** `~` and `^` are part of a version: `5:29.0.1-1~debian.12~bookworm`. */
const EXACT = /^[^*?<>]+$/;

/** A package file or address in place of a name: judged as a download, where it is one. */
function isFile(word: string): boolean {
  return /^(?:\.{0,2}\/|file:|https?:)/.test(word) || /\.(?:deb|rpm|apk)$/.test(word);
}

function names(
  operands: readonly Field[],
  read: (word: string) => InstalledName | undefined,
): readonly InstalledName[] {
  return operands
    .map((field) => field.text)
    .filter((w) => !isFile(w))
    .flatMap((w) => read(w) ?? []);
}

function found(install: FoundInstall): readonly FoundInstall[] {
  return install.packages.length === 0 ? [] : [install];
}

/** Takes the newest version of all that is installed; nothing holds it to a version but a frozen repository. */
function isUpgrade(manager: PackageManager, verb: Field | undefined): boolean {
  return managerNamed(manager)?.upgrades?.includes(verb?.text ?? '') ?? false;
}

const apt: InstallReader = (program, argv, context) => {
  const line = readCommandLine(program, argv);
  const [verb, ...operands] = line.operands;
  const frozen =
    context.snapshotRepository ||
    line.has('-S', '--snapshot') ||
    line.values('-o', '--option').some((f) => /^APT::Snapshot=./i.test(f.text));
  if (isUpgrade('apt', verb)) return [install('apt', [], { frozenRepository: frozen })];
  const details = { frozenRepository: frozen };
  switch (verb?.text ?? '') {
    case 'satisfy':
      return found(install('apt', operands.flatMap(dependencies), details));
    case 'build-dep':
      // The version is that of the source; what it takes to build it is the newest.
      return found(
        install(
          'apt',
          operands.map(({ text }) => ({ name: text.replace(/=.*/s, '') })),
          details,
        ),
      );
    case 'install':
    case 'reinstall':
      return found(install('apt', names(operands, aptName), details));
    case 'remove':
    case 'purge':
      // `name+` installs all the same.
      return found(
        install(
          'apt',
          names(
            operands.filter(({ text }) => /[^+]\+$/.test(text)),
            aptName,
          ),
          details,
        ),
      );
    default:
      return [];
  }
};

/** `name=version`, `name/release`, `name:arch`; `name-` and `name_` remove. */
function aptName(word: string): InstalledName | undefined {
  if (/[a-z0-9.+][-_]$/.test(word)) return undefined;
  const equals = word.indexOf('=');
  return equals < 0
    ? { name: word.replace(/\/[\w.-]+$/, '').replace(/([^+])\+$/, '$1') }
    : named(word.slice(0, equals), word.slice(equals + 1), EXACT);
}

/**
 * The dependencies of `apt-get satisfy`, as Debian Policy 7.1 writes them: `a (= 1), b | c`. Only `=` holds a version,
 * and of alternatives each has to.
 */
function dependencies({ text }: Field): readonly InstalledName[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !/^(?:conflicts|breaks)\s*:/i.test(part))
    .map((part) => {
      const choices = part.replace(/^[\w-]+:\s+/, '').split('|');
      const read = choices.map((choice) => {
        const [, name = '', operator, version = ''] =
          /^\s*([^\s([<]+)\s*(?:\(\s*([<>=]+)\s*(?:([^\s)<>=][^\s)]*)\s*)?\))?/.exec(choice) ?? [];
        return operator === '=' ? named(name, version, EXACT) : { name };
      });
      return read.find(({ pin }) => pin === undefined) ?? read[0] ?? { name: part };
    });
}

/** minideb's own command: all its words are names for apt. */
const installPackages: InstallReader = (program, argv, context) =>
  argv[0] === undefined ? [] : apt(program, [{ ...argv[0], text: 'install' }, ...argv], context);

const apk: InstallReader = (program, argv) => {
  const line = readCommandLine(program, argv);
  const [verb, ...operands] = line.operands;
  if (isUpgrade('apk', verb)) return [install('apk', [])];
  if (verb?.text !== 'add') return [];
  const packages = names(operands, (word) => {
    if (word.startsWith('!')) return undefined;
    const parts = /^([^=~<>@]+)(?:@[\w-]+)?(?:=~|~=|=|~)(.+)$/.exec(word);
    return parts === null
      ? { name: word.replace(/[<>@].*/s, '') }
      : named(parts[1] ?? '', parts[2] ?? '', EXACT);
  });
  return found(install('apk', packages));
};

/** `name-[epoch:]version[-release]`: the version holds a dot, so that `gcc-toolset-12` is a name. */
const NEVRA =
  /^(.+?)-((?:\d+:)?\d[\w+~^]*\.[\w.+~^]*(?:-\d[\w.+~^]*)?|(?:\d+:)?\d+-\d[\w+~^]*\.[\w.+~^]*)$/;

function rpmName(word: string): InstalledName {
  const variable = /^([a-z0-9_.+-]+)-(\$\{[^]*)$/i.exec(word) ?? NEVRA.exec(word);
  if (variable !== null) return named(variable[1] ?? '', variable[2] ?? '', /^[^*?]+$/);
  return { name: word };
}

const dnf: InstallReader = (program, argv) => {
  const line = readCommandLine(program, argv);
  const verbs = ['install', 'reinstall', 'localinstall', 'groupinstall', 'builddep', 'in'];
  const [verb, ...rest] = line.operands;
  const group = verb?.text === 'module' || verb?.text === 'group';
  const operands = group ? rest.slice(1) : rest;
  const installs = group ? rest[0]?.text === 'install' : verbs.includes(verb?.text ?? '');
  // Amazon Linux 2023 freezes its repository by release (2023.6.20250203).
  const frozen = line.values('--releasever').some((f) => /^\d{4}\.\d+\.\d{8}$/.test(f.text));
  if (isUpgrade('dnf', verb))
    return [install('dnf', names(rest, rpmName), { frozenRepository: frozen })];
  return !installs || (program === 'yum' && verb?.text === 'in')
    ? []
    : found(install('dnf', names(operands, rpmName), { frozenRepository: frozen }));
};

const zypper: InstallReader = (program, argv) => {
  const [verb, ...operands] = readCommandLine(program, argv).operands;
  if (isUpgrade('zypper', verb)) return [install('zypper', [])];
  if (verb?.text !== 'install' && verb?.text !== 'in') return [];
  const packages = names(operands, (word) => {
    const equals = word.indexOf('=');
    if (equals < 0) return rpmName(word);
    return /[<>]$/.test(word.slice(0, equals))
      ? { name: word.slice(0, equals - 1) }
      : named(word.slice(0, equals), word.slice(equals + 1), EXACT);
  });
  return found(install('zypper', packages));
};

const pacman: InstallReader = (program, argv) => {
  const line = readCommandLine(program, argv);
  if (!line.has('-S', '--sync')) return [];
  if (line.has('-u', '--sysupgrade'))
    return [
      install(
        'pacman',
        names(line.operands, (name) => ({ name })),
      ),
    ];
  return found(
    install(
      'pacman',
      names(line.operands, (word) => ({ name: word })),
    ),
  );
};

export const OS_INSTALLS: Readonly<Record<string, InstallReader>> = {
  apt,
  'apt-get': apt,
  aptitude: apt,
  'apt-fast': apt,
  install_packages: installPackages,
  apk,
  dnf,
  dnf5: dnf,
  yum: dnf,
  microdnf: dnf,
  tdnf: dnf,
  zypper,
  pacman,
};
