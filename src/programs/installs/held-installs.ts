import { indexesOf } from '../managers/catalogue.ts';
import { valuedOptions } from '../options/catalogue.ts';
import { unversioned } from '../program.ts';
import { INSTALL_FORMS } from './catalogue.ts';

/** How a package that a manager is given by name is held to what its index lists. */
interface HeldBy {
  /** Parted by blanks. */
  readonly programs: string;
  readonly by: string;
  /** Command lines, the words behind the program, for which that is not so. */
  readonly unless?: RegExp;
  /** Options whose address is held by the same means: all of them where the packages are signed. */
  readonly options?: RegExp;
}

/** Programs of install forms, and why a package installed by name is not an unchecked download. */
export const HELD_INSTALLS: readonly HeldBy[] = [
  {
    programs: 'apt apt-get aptitude apt-fast install_packages',
    by: 'sums in lists that the archive signs',
    options: /^-/,
  },
  { programs: 'apk', by: 'packages that the repository signs', options: /^-/ },
  {
    programs: 'dnf dnf5 microdnf tdnf yum yumdownloader rpm-ostree zypper',
    by: 'packages that the distribution signs',
    options: /^-/,
  },
  { programs: 'pacman xbps-install', by: 'packages that the repository signs', options: /^-/ },
  { programs: 'emerge', by: 'sums in the signed tree' },
  { programs: 'opkg', by: 'sums in signed lists' },
  {
    programs: 'snap',
    by: 'assertions that the store signs',
    unless: /(?:^| )--(?:dangerous|force-dangerous|devmode)\b/,
  },
  { programs: 'brew', by: 'sums in the formula', unless: /(?:^| )--(?:HEAD|fetch-HEAD)\b/ },
  { programs: 'guix nix', by: 'sums in the definition' },
  {
    programs: 'pip pip3 pipx uv uvx poetry pipenv pdm easy_install python python3',
    by: 'sums that the index gives',
  },
  {
    programs: 'conda mamba micromamba',
    by: 'sums that the channel gives',
    options: /^(?:-c|--channel)$/,
  },
  {
    programs: 'npm npx pnpm pnpx bun bunx corepack',
    by: 'sums that the registry gives',
  },
  {
    programs: 'yarn yarnpkg',
    by: 'sums that the registry gives',
    // A program by its address, compared with nothing.
    unless: /^(?:-\S+ )*(?:set version|policies set-version)\b/,
  },
  { programs: 'gem bundle bundler', by: 'sums that the index gives' },
  { programs: 'cargo', by: 'sums in the index' },
  { programs: 'composer composer.phar', by: 'signed releases, and sums that the index gives' },
  { programs: 'go', by: 'the sum database' },
  { programs: 'cpan cpanm cpm perl', by: 'the index of CPAN alone, over TLS' },
  { programs: 'pecl pear luarocks', by: 'the index of the language alone, over TLS' },
  { programs: 'install2.r install.r R r Rscript', by: 'the index of CRAN alone, over TLS' },
  { programs: 'opam raco', by: 'sums in the index' },
  { programs: 'cabal stack', by: 'an index that is signed' },
  { programs: 'ansible-galaxy', by: 'sums that the server gives' },
  { programs: 'choco nuget dotnet msbuild', by: 'packages that the index signs' },
  { programs: 'mix rebar rebar3 gleam', by: 'sums in an index that is signed' },
  { programs: 'dart flutter pub', by: 'sums that the index gives' },
  { programs: 'swift pod shards elm', by: 'versions of repositories that a lock file names' },
  { programs: 'conan', by: 'revisions that the server gives' },
  { programs: 'zig deno', by: 'hashes that the project lists' },
];

const BY_PROGRAM = new Map(
  HELD_INSTALLS.flatMap((row) => row.programs.split(' ').map((name) => [name, row] as const)),
);
/** An address, alone, as a value or after a name; or a service's repository by its short name. */
const ADDRESS =
  /(?:^|[=@\s])(?:git\+|hg\+|svn\+|bzr\+|sparse\+)?(?:https?|ftps?|git|ssh|svn):\/\/(?!(?:localhost|127\.|\[::1\]))|(?:^|@)git@|(?:^|@)(?:github|gitlab|bitbucket|gist|sourcehut):/i;
/** Options by which an address brings no package. */
const NO_SOURCE =
  /^--?(?:(?:https?-?)?proxy|noproxy|cert|client-cert|cafile|homepage|url|user-agent|referer)$/i;

/** What they run is their first word; the others are for it. */
const RUNS =
  /^(?:npx|bunx|pnpx|uvx|(?:npm|pnpm|yarn|yarnpkg|bun) (?:exec|x|dlx|create|init|innit)|(?:uv|pipx) run)(?: |$)/;

const VERBS = new Map<string, string[]>();
for (const { programs, verbs } of INSTALL_FORMS)
  for (const program of programs.split(' '))
    VERBS.set(program, [...(VERBS.get(program) ?? []), ...verbs.split('|')]);

/** True where a command line begins as an install does, whatever it names. */
export function hasInstallVerb(program: string, words: readonly string[]): boolean {
  const verbs = VERBS.get(program) ?? VERBS.get(unversioned(program)) ?? [];
  const spoken = `${words.filter((word) => !word.startsWith('-')).join(' ')} `;
  return verbs.some((verb) => verb === '' || spoken.startsWith(`${verb} `));
}

/** Why an installed package may be unverified; undefined if its manager is known to verify it. */
export function unheldInstall(program: string, words: readonly string[]): string | undefined {
  const row = BY_PROGRAM.get(program) ?? BY_PROGRAM.get(unversioned(program));
  if (row === undefined) return `what verifies the packages of ${program} is not known`;
  if (row.unless?.test(words.join(' ')) === true)
    return `what ${program} fetches so is compared with nothing that is known`;
  const index = indexesOf(program);
  const runs = RUNS.exec(`${program} ${words.join(' ')}`)?.[0]
    .trim()
    .split(' ').length;
  const last =
    runs === undefined
      ? Infinity
      : words.findIndex((word, at) => at > runs - 2 && !word.startsWith('-'));
  const isOther = words.some((word, at) => {
    if (at > last || !ADDRESS.test(word)) return false;
    const before = words[at - 1] ?? '';
    const [name = ''] = word.startsWith('-') ? word.split('=') : [before];
    const isOption = word.startsWith('-') || (name !== '' && valuedOptions(program).has(name));
    // Of an index it is judged elsewhere what it gives.
    return !(
      isOption &&
      (NO_SOURCE.test(name) ||
        row.options?.test(name) === true ||
        index?.options.test(name) === true)
    );
  });
  return isOther ? `${program} is given an address that is not read` : undefined;
}
