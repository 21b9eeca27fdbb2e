import type { PackageInstall } from '../../../model/build-analysis.ts';
import { indexesOf } from '../../../programs/managers/catalogue.ts';
import type { Indexes } from '../../../programs/managers/manager.ts';
import { constantField } from '../../shell/fields.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import { COMMIT, type Fetch, fetchOf, isRemote } from '../fetches/fetch.ts';
import type { StageFiles } from '../stage-files.ts';

/** Indexes that a language's project or a package's own publisher runs. */
const OWN =
  /^(?:sparse\+)?https:\/\/(?:pypi\.org|files\.pythonhosted\.org|download\.pytorch\.org|pypi\.nvidia\.com|pypi\.ngc\.nvidia\.com|registry\.npmjs\.org|registry\.yarnpkg\.com|(?:index\.)?rubygems\.org|index\.crates\.io|static\.crates\.io|repo\.packagist\.org|packagist\.org|api\.nuget\.org|www\.nuget\.org|conda\.anaconda\.org|repo\.anaconda\.com)(?:\/|$)/i;

/** Go looks modules up in its own sum database, whatever proxy it asks, unless these say not to. */
const UNSUMMED = /^(?:GONOSUMDB|GONOSUMCHECK|GOPRIVATE|GOINSECURE)$/;

/** An installer's package sources: from its command line, variables, earlier commands and files. */
function addressesOf(
  event: CommandEvent,
  known: Indexes,
  before: readonly CommandEvent[],
  files: StageFiles,
): readonly (string | undefined)[] {
  const words = event.argv.slice(1).map((f) => f.text);
  const options = words.flatMap((word, at) => {
    const [name = '', ...value] = word.split('=');
    if (!known.options.test(name)) return [];
    return value.length > 0 ? [value.join('=')] : (words[at + 1] ?? []);
  });
  const variables = [...event.variables()].flatMap(([name, value]) =>
    known.variables.test(name) ? [value] : [],
  );
  const commands = before
    .filter(({ argv }) => known.commands.test(argv.map((f) => f.text).join(' ')))
    .flatMap(({ argv }) => argv.map((f) => f.text).filter((text) => /^https?:|\$/.test(text)));
  const said = known.files.flatMap((file) => {
    const content = files.at(pathIn(event.folder, file), event.id);
    return content?.kind === 'text'
      ? [...content.text.slice(0, 65_536).matchAll(known.setting)].map(([, address]) => address)
      : [];
  });
  return [
    ...options.flatMap((text) => text.split(/[\s,]+/)),
    ...variables,
    ...commands,
    ...said.map((address) => address?.replace(/^["'[{]+|(?<!["'\]},])["'\]},]+$/g, '')),
  ];
}

/** Options and addresses among the lines of a requirements file that is shown. */
function requirementLines(event: CommandEvent, files: StageFiles): readonly string[] {
  const words = event.argv.map((f) => f.text);
  return words.flatMap((word, at) => {
    const path = /^(?:-r|--requirement)$/.test(word)
      ? words[at + 1]
      : /^(?:-r|--requirement=)(.+)/.exec(word)?.[1];
    if (path === undefined) return [];
    const content = files.named(pathIn(event.folder, path), event.id);
    return content?.kind === 'text' ? content.text.slice(0, 262_144).split(/\r?\n/) : [];
  });
}

/** Addresses in requirements: other indexes, and packages by an address that nothing holds. */
function required(lines: readonly string[]): {
  readonly indexes: readonly string[];
  readonly packages: readonly string[];
} {
  const indexes = lines.flatMap(
    (line) => /^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links)[ =]+(\S+)/.exec(line)?.[1] ?? [],
  );
  const packages = lines.flatMap((line) => {
    const found =
      /^\s*(?:-e\s+|--editable[ =])?(?:[\w.[\],-]+\s*@\s*)?((?:git\+|hg\+|svn\+|https?:|ftp:)\S+)/.exec(
        line,
      );
    const address = found?.[1] ?? '';
    const ref = /@([^@/#]+)(?:#|$)/.exec(address)?.[1] ?? '';
    const isHeld = COMMIT.test(ref) || /^[^#]*#(?:.*&)?sha(?:256|384|512)=/.test(line);
    return address === '' || isHeld || line.includes('--hash=') ? [] : [address];
  });
  return { indexes, packages };
}

/**
 * What an install takes from another index than its language's own, whichever way named it,
 * where no hash of a lock file holds it. Nothing but TLS verifies what such an index gives.
 */
export function indexFetches(
  event: CommandEvent,
  installs: readonly PackageInstall[],
  before: readonly CommandEvent[],
  files: StageFiles,
): readonly Fetch[] {
  if (installs.length === 0) return [];
  const known = indexesOf(event.program);
  const isLocked = installs.every(({ lockFile }) => lockFile);
  if (event.program === 'go') return isLocked ? [] : unsummed(event, installs);
  if (known === undefined) return [];
  const lines = /^(?:pip[\d.]*|uv)$/.test(event.program) ? requirementLines(event, files) : [];
  const read = required(lines);
  const addresses = [...addressesOf(event, known, before, files), ...read.indexes].filter(
    (address) => address === undefined || (isRemote(address) && isAddress(address)),
  );
  const indexes = known.isHashed && isLocked ? [] : addresses;
  const others = indexes.filter((address) => !OWN.test(address ?? ''));
  return [
    ...[...new Set(others)].map((address) => ofIndex(event, address)),
    ...[...read.packages, ...unsummedEntries(installs)].map((a) => fetchFrom(event, a)),
  ];
}

/** Addresses in a lock file, other than the registry's own, that neither sum nor commit holds. */
function unsummedEntries(installs: readonly PackageInstall[]): readonly string[] {
  return installs.flatMap(({ looseLock }) => {
    const address = looseLock?.address;
    return address === undefined || OWN.test(address) ? [] : [address];
  });
}

function fetchFrom(event: CommandEvent, address = '${index}'): Fetch {
  const field = { ...constantField(address), constant: !address.includes('$') };
  return fetchOf(event, 'package-url', field, '');
}

/** Plain HTTP is verified by nobody; of another index it is not known who stands behind it. */
function ofIndex(event: CommandEvent, address: string | undefined): Fetch {
  const fetch = fetchFrom(event, address);
  if (/^http:/i.test(address ?? '')) return fetch;
  const name = fetch.constant ? fetch.address.replace(/\/\/[^/@]*@/, '//') : 'an index';
  return { ...fetch, open: `packages come from ${name}, and no hash pins them` };
}

/** An address, or a name that stands for one; folders and true or false are none. */
function isAddress(text: string): boolean {
  return /^(?:[a-z+]+:)?\/\/\w|^[a-z+]+:|\$[{(]/i.test(text);
}

/** What Go takes without asking its sum database, as variables say. */
function unsummed(event: CommandEvent, installs: readonly PackageInstall[]): readonly Fetch[] {
  const modules = installs.flatMap(({ packages }) => packages.map(({ name }) => name));
  const isAmong = (patterns: string): boolean =>
    patterns.split(',').some((pattern) => {
      const start = pattern.replace(/\*.*/s, '');
      return modules.length === 0 || modules.some((name) => name.startsWith(start));
    });
  const found = [...event.variables()].filter(
    ([name, value]) =>
      (value !== '' && UNSUMMED.test(name) && isAmong(value ?? '')) ||
      (name === 'GOSUMDB' &&
        value !== '' &&
        !/^sum\.golang\.(?:org|google\.cn)$/.test(value ?? '')) ||
      (name === 'GOFLAGS' && /-insecure\b/.test(value ?? '')),
  );
  return found.slice(0, 1).map(([name]) => ({
    ...fetchOf(event, 'package-url', { ...constantField(name), constant: false }, ''),
    ineffectiveCheck: {
      method: 'Go’s sum database',
      reason: `${name} turns it off`,
      range: event.range,
    },
  }));
}
