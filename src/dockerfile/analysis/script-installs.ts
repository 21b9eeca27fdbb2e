import type { InstalledName } from '../../model/build-analysis.ts';
import { named } from '../../programs/installs/install-form.ts';
import type { Field } from '../shell/fields.ts';
import { type FoundInstall, type InstallContext, install } from './found-install.ts';

type InstallReader = (argv: readonly Field[], context: InstallContext) => FoundInstall | undefined;

/** A module by address: `go get` fetches its newest; not a package of this module or of Go. */
const MODULE = /^[\w-]+(?:\.[\w-]+)+\//;

/** Modules with versions; without one only where `isFetched` and the module is an address. */
function moduleNames(words: readonly string[], isFetched: boolean): readonly InstalledName[] {
  const exact = /^(?:v\d+\.\d+\.\d[\w.+-]*|[0-9a-f]{7,40})$/;
  return words.flatMap((word): InstalledName[] => {
    const at = word.indexOf('@');
    if (word.startsWith('-')) return [];
    if (at < 0) return isFetched && MODULE.test(word) ? [{ name: word }] : [];
    return [named(word.slice(0, at), word.slice(at + 1), exact)];
  });
}

/** go's options have one dash; `go install pkg` without a version takes that of go.mod. */
const go: InstallReader = (argv, context) => {
  const words = argv.map((f) => f.text);
  const [verb = '', second = ''] = words;
  if (verb === 'mod' && second === 'download') {
    const named = moduleNames(words.slice(2), false);
    return named.length > 0 ? install('go', named) : install('go', [], { lockFile: true });
  }
  if (/^(?:build|test|vet)$/.test(verb)) {
    // go.mod names each version and go.sum its content; go refuses what they lack unless it may
    // write them.
    const mayWrite = /(?:^|\s)-mod[= ]mod(?:\s|$)/;
    const writes =
      mayWrite.test(context.variable('GOFLAGS') ?? '') || mayWrite.test(words.join(' '));
    return install('go', [], { lockFile: !writes });
  }
  if (verb !== 'install' && verb !== 'get' && verb !== 'run') return undefined;
  const packages = moduleNames(words.slice(1), verb === 'get');
  // `go get -u` takes the newest of what the modules ask for too, those of go.mod where it names
  // none.
  const newest = verb === 'get' && words.some((word) => /^-u(?:=patch)?$/.test(word));
  if (newest && packages.every(({ pin }) => pin !== undefined)) return install('go', []);
  return packages.length === 0 ? undefined : install('go', packages);
};

/** Calls of R that take the newest version of what they name. */
const R_INSTALLS =
  /\b(?:install\.packages|pkg_install|install_cran|BiocManager::install|biocLite|pak::pak)\(\s*(?:c\(\s*)?\\?["']([\w.]+)/g;
const R_VERSIONS =
  /\binstall_version\(\s*\\?["']([\w.]+)\\?["']\s*(?:,\s*(?:version\s*=\s*)?\\?["']([^"'\\]+))?/g;

/** Calls that take a branch, or a commit: `install_github("user/repo@COMMIT")`. */
const R_REPOSITORIES =
  /\binstall_(?:github|gitlab|bitbucket|git|svn|url|dev|bioc)\(\s*(?:c\(\s*)?\\?["']([^"'\\@]+)(?:@([^"'\\]+))?/g;

/** `Rscript -e 'install.packages("x")'` takes the newest; `remotes::install_version` names one. */
const r: InstallReader = (argv) => {
  const text = argv.map((f) => f.text).join('\n');
  const packages: InstalledName[] = [
    ...[...text.matchAll(R_INSTALLS)].map(([, name = '']) => ({ name })),
    ...[...text.matchAll(R_VERSIONS)].map(([, name = '', version = '']) =>
      named(name, version, /^v?\d+\.\d[\w.+-]*$/),
    ),
    ...[...text.matchAll(R_REPOSITORIES)].map(([, name = '', commit = '']) =>
      named(name, commit, /^[0-9a-f]{40}$/),
    ),
  ];
  const upgrades = /\bupdate\.packages\(/.test(text) && packages.length === 0;
  const frozen = argv.some((f) => /\/(?:cran\/)?\d{4}-\d{2}-\d{2}\b/.test(f.text));
  if (packages.length === 0 && !upgrades) return undefined;
  return install('other', packages, { frozenRepository: frozen });
};

/** `perl -MCPAN -e 'install Some::Module'`. */
const perl: InstallReader = (argv) => {
  if (!argv.some(({ text }) => text.startsWith('-MCPAN'))) return undefined;
  const words = argv.map((f) => f.text).join(' ');
  const names = words.matchAll(/\binstall(?:\s+|\(\s*)\\?["']?([A-Z]\w*(?:::\w+)*)/g);
  const packages = [...names].map(([, name = '']) => ({ name }));
  return packages.length === 0 ? undefined : install('other', packages);
};

/** Programs whose command lines are not words and options, or are programs themselves. */
export const SCRIPT_INSTALLS: ReadonlyMap<string, InstallReader> = new Map([
  ['go', go],
  ['R', r],
  ['r', r],
  ['Rscript', r],
  ['perl', perl],
]);
