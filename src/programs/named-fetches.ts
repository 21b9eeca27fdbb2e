import { lookup } from '../model/lookup.ts';

/** What a program does by itself about what it fetches by a name. */
type Checking =
  /** Sums that came with the program, or with its definitions. */
  | 'own sums'
  /** Sums that come from where the files come from. */
  | 'sums of the origin'
  | 'nothing';

/** A program that makes an address out of a name and a version. */
export interface NamedFetch {
  /** Beginnings of its command lines that fetch; any with a word in it where not given. */
  readonly verbs?: readonly string[];
  readonly checks: Checking;
  readonly reason: string;
  /** Command lines that fetch nothing all the same. */
  readonly unless?: RegExp;
  /** The part of a command that says what is fetched, to the byte: as text, and as a pattern. */
  readonly pinned?: readonly [string, RegExp];
}

const HELD_BY_COMMIT = ['--revision COMMIT', /--revision[= ][0-9a-f]{40}\b/] as const;
const ORIGIN = 'compares with the sums that the same server gives';

/** By what they fetch; the criterion's page shows it. */
export const NAMED_FETCHES = lookup<NamedFetch>({
  rustup: {
    verbs:
      'toolchain install|toolchain add|install|update|default|target add|component add|show'.split(
        '|',
      ),
    checks: 'sums of the origin',
    reason: `${ORIGIN}; signatures were never enforced`,
    unless: /^(?:default(?: none)?|show (?:home|profile))$/,
  },
  'rustup-init': {
    checks: 'sums of the origin',
    reason: ORIGIN,
    unless: /--default-toolchain[= ]none\b|^(?:-V|--version|-h|--help)$/,
  },
  mix: {
    verbs: ['local.hex', 'local.rebar'],
    checks: 'own sums',
    reason: 'compares with sums that are signed by a key in Elixir',
  },
  nvm: { verbs: ['install'], checks: 'sums of the origin', reason: ORIGIN },
  tfenv: { verbs: ['install'], checks: 'sums of the origin', reason: ORIGIN },
  pyenv: { verbs: ['install'], checks: 'own sums', reason: 'its definitions contain the sums' },
  rbenv: { verbs: ['install'], checks: 'own sums', reason: 'its definitions contain the sums' },
  nodenv: { verbs: ['install'], checks: 'own sums', reason: 'its definitions contain the sums' },
  goenv: { verbs: ['install'], checks: 'own sums', reason: 'its definitions contain the sums' },
  uv: { verbs: ['python install'], checks: 'own sums', reason: 'the program contains the sums' },
  cargo: {
    verbs: ['binstall'],
    checks: 'nothing',
    reason: 'a built program out of a release; signatures only where a crate names a key',
  },
  fnm: { verbs: ['install', 'use --install-if-missing'], checks: 'nothing', reason: 'unpacks it' },
  volta: { verbs: ['install', 'pin', 'fetch'], checks: 'nothing', reason: 'unpacks it' },
  pnpm: {
    verbs: ['env use', 'env add'],
    checks: 'nothing',
    reason: 'unpacks Node.js; earlier versions compare it with nothing',
  },
  n: {
    checks: 'nothing',
    reason: 'unpacks it while it comes',
    unless: /^(?:ls|list|rm|prune|which|bin|run|exec|uninstall|doctor|--?\w+)\b/,
  },
  asdf: {
    verbs: ['install', 'plugin add', 'plugin-add', 'plugin update', 'plugin-update'],
    checks: 'nothing',
    reason: 'leaves it to plugins, which are the newest of a repository',
  },
  mise: {
    verbs: ['install', 'i', 'use', 'u'],
    checks: 'nothing',
    reason: 'checks where the source of a tool offers sums, unless its lock file is enforced',
    pinned: ['--locked', / --locked\b/],
  },
  sdk: {
    verbs: ['install', 'i', 'update', 'selfupdate'],
    checks: 'nothing',
    reason: 'compares with a sum where the server gives one',
  },
  playwright: {
    verbs: ['install'],
    checks: 'nothing',
    reason: 'unpacks and runs browsers',
    unless: /^install-deps\b/,
  },
  puppeteer: {
    verbs: ['browsers install'],
    checks: 'nothing',
    reason: 'unpacks and runs browsers',
  },
  '@puppeteer/browsers': {
    verbs: ['install'],
    checks: 'nothing',
    reason: 'unpacks and runs browsers',
  },
  spacy: { verbs: ['download'], checks: 'nothing', reason: 'a wheel by its address, without hash' },
  hf: {
    verbs: ['download'],
    checks: 'nothing',
    reason: 'takes what a branch has; a commit by `--revision` names the files',
    pinned: HELD_BY_COMMIT,
  },
  'huggingface-cli': {
    verbs: ['download'],
    checks: 'nothing',
    reason: '`hf` by its older name',
    pinned: HELD_BY_COMMIT,
  },
  'dotnet-install.sh': {
    checks: 'nothing',
    reason: 'unpacks it; it checks the size alone',
    unless: /--dry-run\b|--help\b/,
  },
});
