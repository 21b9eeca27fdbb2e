import { type InstallForm, type NameReader, named } from './install-form.ts';

const EXACT = /^=?v?\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;
/** Repositories, files, folders and addresses. */
const PLACES =
  /^(?:git\+|github:|gitlab:|[\w-]+\/[\w.-]+#)[^#]*#?(?:[0-9a-f]{40})?$|^(?:\.{0,2}\/|file:|https?:|git[@+:])|\.tgz$/;

/** `name@1.2.3`, `@scope/name@1.2.3`. */
const name: NameReader = (word) => {
  if (PLACES.test(word)) return undefined;
  const at = word.indexOf('@', 1);
  return at < 0 ? { name: word } : named(word.slice(0, at), word.slice(at + 1), EXACT);
};

const npm = { programs: 'npm', manager: 'npm' } as const;
const yarn = { programs: 'yarn yarnpkg', manager: 'yarn' } as const;
const lockOfYarn = {
  options: '--immutable --immutable-cache',
  variables: 'YARN_ENABLE_IMMUTABLE_INSTALLS',
  // Without a yarn.lock, Yarn 1 takes the newest and says nothing, `--frozen-lockfile` or not.
  file: { name: 'yarn.lock', with: '--frozen-lockfile', folder: '--cwd' },
} as const;

/** What a program fetches to run. Without `-p` it may be in the project; a version is fetched. */
function runs(programs: string, verbs: string): readonly InstallForm[] {
  const form = { programs, verbs, manager: 'npm', name } as const;
  return [
    { ...form, only: ['-p --package'], from: '-p --package' },
    { ...form, only: ['-y --yes'], most: 1 },
    {
      ...form,
      name: (word, ...rest) => (/.@/.test(word) ? name(word, ...rest) : undefined),
      most: 1,
    },
  ];
}

function pnpm(program: 'pnpm' | 'bun'): readonly InstallForm[] {
  const form = { programs: program, manager: program, name } as const;
  return [
    {
      programs: program,
      manager: program,
      verbs: program === 'pnpm' ? 'ci|fetch' : 'ci',
      unnamed: 'always',
      lock: true,
    },
    { ...form, verbs: 'add' },
    { ...form, verbs: 'dlx|create', most: 1 },
    { ...form, verbs: 'update|up|upgrade', unnamed: 'always' },
    {
      ...form,
      verbs: 'install|i',
      unnamed: 'alone',
      lock: {
        options: '--frozen-lockfile --offline',
        // pnpm takes the lock file as frozen where CI is set.
        ...(program === 'pnpm' ? { variables: 'CI' } : {}),
        unless: '--no-frozen-lockfile',
      },
    },
  ];
}

/** What the managers of Node's packages install. */
export const NODE_INSTALLS: readonly InstallForm[] = [
  { ...npm, verbs: 'ci|clean-install|ic|install-clean', unnamed: 'always', lock: true },
  {
    ...npm,
    verbs: 'install|i|add|in|isntall|update|up|upgrade|udpate|install-test|it',
    name,
    unnamed: 'alone',
    frozen: { options: '--before' },
  },
  { ...npm, verbs: 'pack|link|ln|cache add', name },
  // `npm init x` fetches and runs create-x.
  { ...npm, verbs: 'init|create|innit', name, most: 1 },
  { ...yarn, verbs: 'create', name, most: 1 },
  ...runs('npm', 'exec|x'),
  ...runs('npx bunx pnpx', ''),
  { ...yarn, name, verbs: 'add|global add' },
  {
    ...yarn,
    verbs: 'set version|policies set-version',
    name: (word) => named('yarn', word, EXACT),
    most: 1,
    unnamed: 'always',
  },
  { ...yarn, name, verbs: 'dlx', most: 1 },
  { ...yarn, name, verbs: 'upgrade|up|global upgrade', unnamed: 'always' },
  { ...yarn, verbs: 'install', unnamed: 'always', lock: lockOfYarn },
  {
    ...yarn,
    verbs: '-',
    unless: '--version -v --help',
    unnamed: 'always',
    lock: lockOfYarn,
  },
  ...pnpm('pnpm'),
  ...pnpm('bun'),
  {
    programs: 'corepack',
    manager: 'npm',
    verbs: 'prepare|install|use',
    // `pnpm@9.1.0+sha512.…` is held by a sum besides.
    name: (word, ...rest) => name(word.replace(/\+sha\d+\..*/s, ''), ...rest) ?? { name: word },
  },
];
