import { type InstallForm, joined, type NameReader, named } from './install-form.ts';

/** One release: `20.11.1`, `v1.2.3`, `21.0.2-tem`, `jruby-9.4.8.0`. */
const RELEASE = /^(?:[a-z][\w+-]*-)?v?\d+\.\d+\.\d[\w.+-]*$/i;
/** One release, or the nightly of one day. */
const CHANNEL = /^(?:\d+\.\d+\.\d+|(?:nightly|beta|stable)-\d{4}-\d{2}-\d{2})(?:-[\w-]+)?$/;

const release: NameReader = (word) => named(word, word, RELEASE);
const channel: NameReader = (word) =>
  word === 'none' ? undefined : named(`rust ${word}`, word, CHANNEL);
/** `nodejs 20.11.1` */
const behind: NameReader = (word, _, next = '') => named(word, next, RELEASE);
/** `node@20.11.1` */
const at = joined('@', RELEASE);

/** What a version manager installs; `lists`: the file with versions if the command has none. */
function versions(programs: string, verbs: string, name: NameReader, lists: string): InstallForm {
  return { programs, manager: 'other', verbs, name, unnamed: 'alone', lists };
}

/** What managers of compilers and interpreters install. */
export const TOOLCHAIN_INSTALLS: readonly InstallForm[] = [
  {
    programs: 'rustup',
    manager: 'other',
    verbs: 'toolchain install|toolchain add|install|default',
    name: channel,
  },
  { programs: 'rustup', manager: 'other', verbs: 'update', name: channel, unnamed: 'always' },
  {
    programs: 'rustup-init',
    manager: 'other',
    verbs: '',
    from: '--default-toolchain',
    name: channel,
    unless: '--version -V --help -h',
  },
  {
    programs: 'nvm fnm',
    manager: 'other',
    verbs: 'install',
    only: ['--lts --latest'],
    unnamed: 'always',
  },
  { ...versions('nvm', 'install', release, '.nvmrc'), most: 1 },
  { ...versions('fnm', 'install', release, '.node-version'), most: 1 },
  versions('pyenv', 'install', release, '.python-version'),
  { ...versions('rbenv', 'install', release, '.ruby-version'), most: 1 },
  { ...versions('nodenv', 'install', release, '.node-version'), most: 1 },
  { ...versions('goenv', 'install', release, '.go-version'), most: 1 },
  { ...versions('tfenv', 'install', release, '.terraform-version'), most: 1 },
  versions('uv', 'python install', release, '.python-version'),
  { ...versions('asdf', 'install', behind, '.tool-versions'), most: 1 },
  { ...versions('sdk', 'install|i', behind, '.sdkmanrc'), most: 1 },
  versions('mise', 'install|i|use|u', at, 'mise.toml'),
  versions('volta', 'install|fetch', at, 'package.json'),
  { programs: 'pnpm', manager: 'other', verbs: 'env use|env add', name: release },
  {
    programs: 'mix',
    manager: 'other',
    verbs: 'local.hex|local.rebar',
    name: (word) => (/^\d/.test(word) ? named('hex', word, RELEASE) : undefined),
    unnamed: 'always',
  },
];
