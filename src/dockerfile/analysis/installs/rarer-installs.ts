import type { InstalledName } from '../../../model/build-analysis.ts';
import { type CommandLine, readCommandLine, verbOf } from '../command-line.ts';
import { type InstallReader, install, named } from './install-context.ts';
import { requirement } from './requirements.ts';

const NUMBERS = /^v?\d+\.\d[\w.+-]*$/;

/** How a package manager that is met more rarely spells what it installs. */
interface Form {
  readonly verbs: readonly string[];
  readonly name: (word: string, line: CommandLine, next: string | undefined) => InstalledName;
  /** Names that it takes; all where not given. */
  readonly most?: number;
}

const NO_OPTIONS = readCommandLine('', []);
const loose = (name: string): InstalledName => ({ name });

/** A name and its version in one word, parted by the last `joint`; by the first where versions may hold it too. */
function joined(joint: string, which: 'first' | 'last' = 'last'): Form['name'] {
  return (word) => {
    const at = which === 'first' ? word.indexOf(joint) : word.lastIndexOf(joint);
    return at > 0 ? named(word.slice(0, at), word.slice(at + 1), NUMBERS) : loose(word);
  };
}

/** `=category/name-1.2` is one version, `category/name` the newest. */
const portage: Form['name'] = (word) =>
  word.startsWith('=') ? joined('-')(word.slice(1), NO_OPTIONS, undefined) : loose(word);

/** A flake of one commit: `github:NixOS/nixpkgs/COMMIT#hello`. */
const flake: Form['name'] = (word) => {
  const commit = /\b[0-9a-f]{40}\b/.exec(word)?.[0];
  return commit === undefined ? loose(word) : { name: word.replace(/^.*#/, ''), pin: commit };
};

/** The version is an option's value. */
function optioned(option: string): Form['name'] {
  return (word, line) => named(word, line.values(option)[0]?.text ?? '', NUMBERS);
}

/** `name==1.2` of Python's. */
const python: Form['name'] = (word) => requirement(word) ?? loose(word);

const FORMS: Readonly<Record<string, Form>> = {
  easy_install: {
    verbs: [],
    name: python,
  },
  'install2.r': { verbs: [], name: loose },
  'install.r': { verbs: [], name: loose },
  bower: { verbs: ['install', 'i', 'update'], name: joined('#') },
  cpm: { verbs: ['install'], name: joined('@') },
  choco: {
    verbs: ['install', 'upgrade'],
    name: optioned('--version'),
  },
  opkg: { verbs: ['install'], name: loose },
  brew: { verbs: ['install', 'upgrade'], name: loose },
  pecl: { verbs: ['install', 'upgrade'], name: joined('-') },
  pear: { verbs: ['install', 'upgrade'], name: joined('-') },
  cpanm: {
    verbs: [],
    name: joined('@'),
  },
  cpan: { verbs: [], name: loose },
  luarocks: {
    verbs: ['install'],
    name: (word, _line, version) => named(word, version ?? '', NUMBERS),
    most: 1,
  },
  helm: {
    verbs: ['plugin install'],
    name: optioned('--version'),
    most: 1,
  },
  dotnet: {
    verbs: ['tool install', 'tool update', 'add package'],
    name: optioned('--version'),
    most: 1,
  },
  opam: { verbs: ['install'], name: joined('.', 'first') },
  cabal: { verbs: ['install', 'v2-install'], name: joined('-') },
  raco: { verbs: ['pkg install'], name: loose },
  'ansible-galaxy': {
    verbs: ['collection install', 'role install', 'install'],
    name: joined(':', 'first'),
  },
  'rpm-ostree': { verbs: ['install'], name: joined('-') },
  'xbps-install': { verbs: [], name: joined('-') },
  emerge: { verbs: [], name: portage },
  guix: { verbs: ['install', 'package -i'], name: joined('@', 'first') },
  nix: { verbs: ['profile install', 'profile add'], name: flake },
  snap: { verbs: ['install'], name: optioned('--revision') },
};

function reader({ verbs, name, most = Infinity }: Form): InstallReader {
  return (program, argv) => {
    const line = readCommandLine(program, argv);
    const spoken = verbOf(line.operands, verbs.length === 0 ? [''] : verbs);
    const rest = (spoken?.rest ?? []).map(({ text }) => text);
    const packages = rest
      .slice(0, most)
      .filter((word) => !/^(?:\.{0,2}\/|\.$|https?:)/.test(word))
      .map((word, at) => name(word, line, rest[at + 1]));
    return packages.length === 0 ? [] : [install('other', packages)];
  };
}

/** Calls of R that take the newest version of what they name. */
const R_INSTALLS =
  /\b(?:install\.packages|pkg_install|install_cran|BiocManager::install|biocLite|pak::pak)\(\s*(?:c\(\s*)?\\?["']([\w.]+)/g;

/** `Rscript -e 'install.packages("x")'` takes the newest; `remotes::install_version` names one. */
const r: InstallReader = (_program, argv) => {
  const text = argv.map((f) => f.text).join('\n');
  const packages = [...text.matchAll(R_INSTALLS)].map(([, name = '']) => loose(name));
  const versions = text.matchAll(
    /\binstall_version\(\s*\\?["']([\w.]+)\\?["']\s*(?:,\s*(?:version\s*=\s*)?\\?["']([^"'\\]+))?/g,
  );
  for (const [, name = '', version = ''] of versions) packages.push(named(name, version, NUMBERS));
  const upgrades = /\bupdate\.packages\(/.test(text) && packages.length === 0;
  const frozen = argv.some(({ text }) => /\/(?:cran\/)?\d{4}-\d{2}-\d{2}\b/.test(text));
  if (packages.length === 0 && !upgrades) return [];
  return [install('other', packages, { frozenRepository: frozen })];
};

/** `perl -MCPAN -e 'install Some::Module'`. */
const perl: InstallReader = (_program, argv) => {
  if (!argv.some(({ text }) => text.startsWith('-MCPAN'))) return [];
  const words = argv.map((f) => f.text).join(' ');
  const names = words.matchAll(/\binstall(?:\s+|\(\s*)\\?["']?([A-Z]\w*(?:::\w+)*)/g);
  const packages = [...names].map(([, name = '']) => loose(name));
  return packages.length === 0 ? [] : [install('other', packages)];
};

export const RARER_INSTALLS: Readonly<Record<string, InstallReader>> = {
  ...Object.fromEntries(Object.entries(FORMS).map(([program, form]) => [program, reader(form)])),
  R: r,
  r,
  Rscript: r,
  perl,
};
