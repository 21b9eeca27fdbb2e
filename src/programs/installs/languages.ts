import {
  type InstallForm,
  joined,
  loose,
  type NameReader,
  named,
  notOf,
  optioned,
  PLACES,
} from './install-form.ts';

/** A flake of one commit: `github:NixOS/nixpkgs/COMMIT#hello`. */
const flake = notOf(PLACES, (word) => {
  const commit = /\b[0-9a-f]{40}\b/.exec(word)?.[0];
  return commit === undefined ? { name: word } : { name: word.replace(/^.*#/, ''), pin: commit };
});

const gemName = joined(':', /^=? ?\d[\w.]*$/);
const gem: NameReader = (word, ...rest) =>
  word.endsWith('.gem') ? undefined : gemName(word, ...rest);
const composerName: NameReader = (word) => {
  const [name = '', version = ''] = word.split(/[:=]/);
  return named(name, version, /^v?\d+\.\d+\.\d[\w.-]*$/);
};
const crate = {
  programs: 'cargo',
  manager: 'cargo',
  name: joined('@', /^=?\d+\.\d+\.\d+|^[0-9a-f]{40}$/),
  version: '--version --vers --rev',
} as const;
const LOCKED = '--locked --frozen --offline';
const other = (programs: string, verbs: string, name: NameReader): InstallForm => ({
  programs,
  manager: 'other',
  verbs,
  name,
});
const versioned = { version: '--version', most: 1 } as const;
const bundle = { programs: 'bundle bundler', manager: 'bundle', unnamed: 'always' } as const;
const lockOfBundler = {
  options: '--frozen --deployment',
  variables: 'BUNDLE_FROZEN BUNDLE_DEPLOYMENT',
  before: /^bundle config (?:set )?(?:--\w+ )*(?:frozen|deployment) (?:1|true|'true'|"true")/,
} as const;
const composer = {
  programs: 'composer composer.phar',
  manager: 'composer',
  unnamed: 'always',
} as const;

/** What the managers of other languages install. */
export const LANGUAGE_INSTALLS: readonly InstallForm[] = [
  // gem takes any beginning of a command that is no other's. `update` takes the newest of all, of
  // gem itself (`--system`) too.
  {
    programs: 'gem',
    manager: 'gem',
    verbs: 'update|updat|upda|upd|up',
    name: loose,
    unnamed: 'always',
  },
  {
    programs: 'gem',
    manager: 'gem',
    verbs: 'install|instal|insta|inst|ins|in|i',
    name: gem,
    version: '-v --version',
  },
  { programs: 'gem', manager: 'gem', verbs: 'fetch|fetc|fet', name: gem, version: '-v --version' },
  { ...bundle, verbs: 'update|add' },
  { ...bundle, verbs: 'install', lock: lockOfBundler },
  { ...bundle, verbs: '-', unless: '--version -v --help -h', lock: lockOfBundler },
  // `cargo install` takes the newest dependencies unless `--locked`, so that a version alone pins
  // little. `cargo build` and kin fetch as well, and keep to the lock file only when asked to.
  {
    programs: 'cargo',
    manager: 'cargo',
    verbs: 'build|b|fetch|run|chef cook|vendor',
    unnamed: 'always',
    lock: { options: LOCKED },
  },
  {
    programs: 'cargo',
    manager: 'cargo',
    verbs: 'install',
    only: ['--path'],
    unnamed: 'always',
    lock: { options: LOCKED },
  },
  { ...crate, verbs: 'install', unless: '--path', pinsWith: LOCKED },
  // What `cargo binstall` takes is built already.
  { ...crate, verbs: 'binstall' },
  {
    ...composer,
    verbs: 'install|global install',
    lock: { file: { name: 'composer.lock', folder: '-d --working-dir' } },
  },
  {
    programs: composer.programs,
    manager: 'composer',
    verbs: 'self-update|selfupdate',
    name: (word) => named('composer', word, /^\d+\.\d+\.\d+$/),
    unnamed: 'always',
  },
  {
    programs: composer.programs,
    manager: 'composer',
    verbs: 'create-project',
    name: loose,
    most: 1,
  },
  { ...composer, verbs: 'update|upgrade|u|global update|global upgrade|global u' },
  {
    programs: composer.programs,
    manager: 'composer',
    verbs: 'require|global require',
    name: composerName,
  },
  other('install2.r install.r cpan', '', loose),
  other('bower', 'install|i|update', joined('#')),
  other('cpm', 'install', joined('@')),
  other('cpanm', '', joined('@')),
  { ...other('choco', 'install|upgrade', optioned), version: '--version' },
  other('pecl pear', 'install|upgrade', joined('-', undefined, 'last')),
  {
    ...other('luarocks', 'install', (word, _, next) => optioned(word, next ?? '', undefined)),
    most: 1,
  },
  { ...other('helm', 'plugin install', optioned), ...versioned },
  { ...other('dotnet', 'tool install|tool update|add package', optioned), ...versioned },
  other('opam', 'install', joined('.')),
  other('cabal', 'install|v2-install', joined('-', undefined, 'last')),
  other('raco', 'pkg install', loose),
  other('ansible-galaxy', 'collection install|role install|install', joined(':')),
  { ...other('guix', 'install', joined('@')) },
  { ...other('guix', 'package', joined('@')), only: ['-i --install'] },
  other('nix', 'profile install|profile add', flake),
];
