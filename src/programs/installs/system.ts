import type { InstalledName } from '../../model/build-analysis.ts';
import { APK } from '../managers/apk.ts';
import { APT } from '../managers/apt.ts';
import type { ManagerFamily } from '../managers/manager.ts';
import { RPM } from '../managers/rpm.ts';
import {
  type InstallForm,
  joined,
  loose,
  type NameReader,
  named,
  notOf,
  PLACES,
} from './install-form.ts';

/** `~` and `^` are part of a version: `5:29.0.1-1~debian.12~bookworm`. */
const EXACT = /^[^*?<>]+$/;
const FILES = /^(?:\.{0,2}\/|file:|https?:)|\.(?:deb|rpm|apk)$/;

/** The verbs that take the newest version of all that is installed. */
function upgradesOf({ managers }: ManagerFamily, wanted: string): string {
  return managers.find(({ id }) => id === wanted)?.upgrades?.join('|') ?? '-';
}

/** `name=version`, `name/release`, `name:arch`; `name-` and `name_` remove. */
const aptName = notOf(FILES, (word) => {
  if (/[a-z0-9.+][-_]$/.test(word)) return undefined;
  const equals = word.indexOf('=');
  return equals < 0
    ? { name: word.replace(/\/[\w.-]+$/, '').replace(/([^+])\+$/, '$1') }
    : named(word.slice(0, equals), word.slice(equals + 1), EXACT);
});

/**
 * The dependencies of `apt-get satisfy`, as Debian Policy 7.1 writes them: `a (= 1), b | c`. Only
 * `=` holds a version, and of alternatives each has to.
 */
const dependencies: NameReader = (text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !/^(?:conflicts|breaks)\s*:/i.test(part))
    .map((part): InstalledName => {
      const choices = part.replace(/^[\w-]+:\s+/, '').split('|');
      const read = choices.map((choice) => {
        const [, name = '', operator, version = ''] =
          /^\s*([^\s([<]+)\s*(?:\(\s*([<>=]+)\s*(?:([^\s)<>=][^\s)]*)\s*)?\))?/.exec(choice) ?? [];
        return operator === '=' ? named(name, version, EXACT) : { name };
      });
      return read.find(({ pin }) => pin === undefined) ?? read[0] ?? { name: part };
    });

const apkName = notOf(FILES, (word) => {
  if (word.startsWith('!')) return undefined;
  const parts = /^([^=~<>@]+)(?:@[\w-]+)?(?:=~|~=|=|~)(.+)$/.exec(word);
  return parts === null
    ? { name: word.replace(/[<>@].*/s, '') }
    : named(parts[1] ?? '', parts[2] ?? '', EXACT);
});

/** `name-[epoch:]version[-release]`: a version has a dot, so that `gcc-toolset-12` is a name. */
const NEVRA =
  /^(.+?)-((?:\d+:)?\d[\w+~^]*\.[\w.+~^]*(?:-\d[\w.+~^]*)?|(?:\d+:)?\d+-\d[\w+~^]*\.[\w.+~^]*)$/;

const rpmName = notOf(FILES, (word) => {
  const variable = /^([a-z0-9_.+-]+)-(\$\{[^]*)$/i.exec(word) ?? NEVRA.exec(word);
  return variable === null
    ? { name: word }
    : named(variable[1] ?? '', variable[2] ?? '', /^[^*?]+$/);
});

const zypperName = notOf(FILES, (word, version, next) => {
  const equals = word.indexOf('=');
  if (equals < 0) return rpmName(word, version, next);
  return /[<>]$/.test(word.slice(0, equals))
    ? { name: word.slice(0, equals - 1) }
    : named(word.slice(0, equals), word.slice(equals + 1), EXACT);
});

/** `=category/name-1.2` is one version, `category/name` the newest. */
const portage: NameReader = (word, ...rest) =>
  word.startsWith('=')
    ? joined('-', undefined, 'last')(word.slice(1), ...rest)
    : loose(word, ...rest);

const apt = {
  programs: 'apt apt-get aptitude apt-fast',
  manager: 'apt',
  frozen: {
    options: '-S --snapshot',
    value: { options: '-o --option', is: /^APT::Snapshot=./i },
    unless: { options: '-o --option', is: /^Dir::/i },
    repository: true,
  },
} as const;
const DNF = 'dnf dnf5 microdnf tdnf';
const dnf = {
  programs: `${DNF} yum`,
  manager: 'dnf',
  name: rpmName,
  // Amazon Linux 2023 freezes its repository by release (2023.6.20250203).
  frozen: { value: { options: '--releasever', is: /^\d{4}\.\d+\.\d{8}$/ } },
} as const;
const pacman = { programs: 'pacman', manager: 'pacman', verbs: '' } as const;
const names = notOf(FILES, loose);

/** What the managers of a system's own packages install. */
export const SYSTEM_INSTALLS: readonly InstallForm[] = [
  { ...apt, verbs: upgradesOf(APT, 'apt'), unnamed: 'always' },
  { ...apt, verbs: 'satisfy', name: dependencies },
  // The version is that of the source; what it takes to build it is the newest.
  { ...apt, verbs: 'build-dep', name: (word) => ({ name: word.replace(/=.*/s, '') }) },
  { ...apt, verbs: 'install|reinstall|download|source', name: aptName, files: FILES },
  // A repair takes the newest version.
  { ...apt, verbs: 'install', only: ['-f --fix-broken'], unnamed: 'always' },
  { ...apt, verbs: '-', only: ['-f --fix-broken'], unnamed: 'always' },
  {
    ...apt,
    verbs: 'remove|purge',
    // `name+` installs all the same.
    name: (word, ...rest) => (/[^+]\+$/.test(word) ? aptName(word, ...rest) : undefined),
  },
  // minideb's own command: all its words are names for apt.
  { ...apt, programs: 'install_packages', verbs: '', name: aptName },
  { programs: 'apk', manager: 'apk', verbs: upgradesOf(APK, 'apk'), unnamed: 'always' },
  { programs: 'apk', manager: 'apk', verbs: 'add|fetch', name: apkName, files: FILES },
  {
    programs: 'apk',
    manager: 'apk',
    verbs: 'fix',
    only: ['-u --upgrade'],
    name: loose,
    unnamed: 'always',
  },
  { programs: 'apk', manager: 'apk', verbs: 'cache download', unnamed: 'always' },
  { ...dnf, verbs: upgradesOf(RPM, 'dnf'), unnamed: 'always' },
  {
    ...dnf,
    verbs:
      'install|reinstall|download|localinstall|groupinstall|builddep|module install|group install',
    files: FILES,
  },
  { ...dnf, programs: DNF, verbs: 'in', files: FILES },
  { ...dnf, programs: 'yumdownloader', verbs: '' },
  // The first word goes.
  { ...dnf, verbs: 'swap', name: (word, _, next) => (next ? undefined : rpmName(word, _, next)) },
  {
    ...dnf,
    verbs:
      'history redo|history undo|history rollback|module switch-to|module update|group upgrade|group update|groupupdate|update-minimal|debuginfo-install|langinstall|update-to|upgrade-to|offline-upgrade|autoupdate|shell',
    name: loose,
    unnamed: 'always',
  },
  { programs: 'zypper', manager: 'zypper', verbs: upgradesOf(RPM, 'zypper'), unnamed: 'always' },
  { programs: 'zypper', manager: 'zypper', verbs: 'install|in', name: zypperName, files: FILES },
  {
    programs: 'zypper',
    manager: 'zypper',
    verbs: 'verify|ve|install-new-recommends|inr|source-install|si|build-deps-install|bdi',
    name: loose,
    unnamed: 'always',
  },
  { ...pacman, only: ['-S --sync', '-u --sysupgrade'], name: names, unnamed: 'always' },
  { ...pacman, only: ['-S --sync'], name: names },
  {
    programs: 'rpm-ostree',
    manager: 'other',
    verbs: 'install',
    name: joined('-', undefined, 'last'),
  },
  { programs: 'xbps-install', manager: 'other', verbs: '', name: joined('-', undefined, 'last') },
  { programs: 'emerge', manager: 'other', verbs: '', name: portage },
  { programs: 'opkg', manager: 'other', verbs: 'install', name: loose },
  { programs: 'brew', manager: 'other', verbs: 'install|upgrade', name: loose },
  {
    programs: 'snap',
    manager: 'other',
    verbs: 'install',
    name: notOf(PLACES, (word, revision) => named(word, revision, /^\d+$/)),
    version: '--revision',
  },
];
