import { field, isObject, listField, ownValue, textField } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import { hasControls } from '../lib/text.ts';
import type { Severity } from '../model/facts.ts';
import {
  isSystemType,
  type LanguageType,
  type OsRelease,
  type Package,
} from '../model/packages.ts';
import {
  cvssScore,
  isCve,
  nearestFix,
  type Report,
  severityOf,
  severityOfScore,
} from './severity.ts';

/** The ecosystem without its release: OSV exports `Debian` for all of `Debian:13`. */
export function familyOf(ecosystem: string): string {
  return ecosystem.split(':', 1)[0] ?? '';
}

/** A package by one spelling, where its ecosystem takes several for one. */
export function packageName(family: string, name: string): string {
  switch (family) {
    case 'PyPI':
      return name.toLowerCase().replace(/[-_.]+/g, '-');
    case 'NuGet':
    case 'Packagist':
      return name.toLowerCase();
    default:
      return name;
  }
}

/** A vulnerability in an answer; `modified` shows whether the known record is up to date. */
export interface OsvMatch {
  readonly question: number;
  readonly id: string;
  readonly modified: string;
}

/** True for an id as databases give them; it goes into a path and into reports. */
export function isOsvId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:+?-]{0,127}$/.test(id);
}

interface OsvDistribution {
  /** OSV's name of the release; several where its packages are filed under more than one. */
  readonly ecosystems: readonly string[];
  /** Which name OSV files a package under: that of its source, its own, or either. */
  readonly names: 'source' | 'either';
}

/** Debian's releases that have a code name in os-release and no number yet (distro-info-data). */
const DEBIAN_CODENAMES: Readonly<Record<string, string>> = {
  bookworm: '12',
  trixie: '13',
  forky: '14',
  duke: '15',
  sid: 'sid',
};

/**
 * OSV's ecosystems of a distribution (OSV schema, "Defined ecosystems"), by `ID` of os-release. In
 * braces what is put in of its version; a distribution without releases has none. Red Hat files by
 * product stream (CPE without its prefix); UBI takes from these two.
 */
const ECOSYSTEMS: Readonly<Record<string, readonly string[]>> = {
  debian: ['Debian:{major}'],
  ubuntu: ['Ubuntu:{ubuntu}'],
  alpine: ['Alpine:v{branch}'],
  almalinux: ['AlmaLinux:{major}'],
  rocky: ['Rocky Linux:{major}'],
  rhel: ['Red Hat:enterprise_linux:{rhel}::baseos', 'Red Hat:enterprise_linux:{rhel}::appstream'],
  mageia: ['Mageia:{major}'],
  openEuler: ['openEuler:{euler}'],
  'opensuse-leap': ['openSUSE:Leap {version}'],
  'opensuse-tumbleweed': ['openSUSE:Tumbleweed'],
  azurelinux: ['Azure Linux:{major}'],
  mariner: ['Azure Linux:{major}'],
  alpaquita: ['Alpaquita:{version}'],
  'bellsoft-hardened-containers': ['BellSoft Hardened Containers:{version}'],
  wolfi: ['Wolfi'],
  chainguard: ['Chainguard'],
  minimos: ['MinimOS'],
  echo: ['Echo'],
};

const BY_SOURCE = new Set(['debian', 'ubuntu', 'alpine', 'alpaquita', 'echo']);

/** Where OSV files this distribution's packages; undefined where it has none of them. */
export function osvDistribution(os: OsRelease | undefined): OsvDistribution | undefined {
  const parts: Readonly<Record<string, string | undefined>> = os === undefined ? {} : partsOf(os);
  // What os-release says ends up in a request: nothing in it but what a release may be called.
  const ecosystems = (ownValue(ECOSYSTEMS, os?.id ?? '') ?? [])
    .map((name) => name.replace(/\{(\w+)\}/, (_, part: string) => parts[part] ?? '{}'))
    .filter((name) => /^[\w .:-]{1,100}$/.test(name));
  if (os === undefined || ecosystems.length === 0) return undefined;
  return { ecosystems, names: BY_SOURCE.has(os.id) ? 'source' : 'either' };
}

function partsOf({ id, versionId, versionCodename = '', prettyName = '' }: OsRelease) {
  const number = id === 'debian' ? ownValue(DEBIAN_CODENAMES, versionCodename) : undefined;
  const version = versionId ?? number;
  const major = version?.split('.', 1)[0];
  const euler = /^openEuler (\d\d\.\d\d) ?\((LTS(?:-SP\d+)?)\)$/.exec(prettyName);
  return {
    version,
    major,
    branch: version?.split('.').slice(0, 2).join('.'),
    rhel: Number(major) >= 10 ? version : major,
    // Long-term releases: April of even years; OSV wants that said.
    ubuntu: version?.replace(/^(\d[02468]\.04)$/, '$1:LTS'),
    euler: euler === null ? undefined : `${euler[1]}-${euler[2]}`,
  };
}

export interface OsvQuery {
  readonly package: { readonly name: string; readonly ecosystem: string };
  readonly version: string;
}

interface OsvQuestion {
  readonly query: OsvQuery;
  readonly packages: readonly Package[];
}

export interface OsvPlan {
  readonly questions: readonly OsvQuestion[];
  readonly gaps: readonly string[];
  /** All ecosystems to ask about; the server must know them, or it finds nothing in them. */
  readonly ecosystems: readonly string[];
}

/** OSV's names; a type without one would be taken for free of vulnerabilities. */
const LANGUAGES: Readonly<Record<LanguageType, string>> = {
  npm: 'npm',
  pypi: 'PyPI',
  golang: 'Go',
  maven: 'Maven',
  gem: 'RubyGems',
  composer: 'Packagist',
  cargo: 'crates.io',
  nuget: 'NuGet',
};

/**
 * What to ask OSV about the packages of an image. Distribution packages are asked by the
 * ecosystem's name and the source package where the distribution files them so; a purl would be
 * answered without regard to the release. Packages of a distribution that OSV does not know are a
 * gap.
 */
export function planOsv(packages: readonly Package[], os: OsRelease | undefined): OsvPlan {
  const distribution = osvDistribution(os);
  // OSV has no records of nixpkgs, whatever distribution the store lies on.
  const unasked = packages.filter(
    ({ type }) => type === 'nix' || (distribution === undefined && isSystemType(type)),
  );
  const from = unasked.some(({ type }) => type !== 'nix')
    ? (os?.prettyName ?? os?.id ?? 'an unnamed distribution')
    : 'a Nix store';
  const asked = packages
    .flatMap((one) => queriesOf(one, distribution).map((query) => ({ query, one })))
    .filter(({ query }) => isAskable(query));
  const questions = groupBy(asked, ({ query: { package: about, version } }) =>
    [about.ecosystem, about.name, version].join('\0'),
  );
  return {
    questions: [...questions.values()].flatMap((all) => {
      const [first] = all;
      return first === undefined
        ? []
        : [{ query: first.query, packages: all.map(({ one }) => one) }];
    }),
    gaps:
      unasked.length === 0
        ? []
        : [`OSV has no data for ${from}, ${unasked.length} of its packages were not looked up`],
    ecosystems: [...new Set(asked.map(({ query }) => query.package.ecosystem))].sort(),
  };
}

function queriesOf(one: Package, distribution: OsvDistribution | undefined): readonly OsvQuery[] {
  const { type, name, version, source } = one;
  if (!isSystemType(type)) {
    // Go writes versions with a v, OSV without; the module being built itself has none.
    const asked = type === 'golang' ? version.replace(/^(?:v|go)(?=\d)/, '') : version;
    return [{ package: { name: languageName(one), ecosystem: LANGUAGES[type] }, version: asked }];
  }
  if (distribution === undefined || type === 'nix') return [];
  const own = { name, version };
  const isOne = distribution.names === 'source' || source?.name === name;
  const named = source === undefined ? [own] : isOne ? [source] : [source, own];
  return distribution.ecosystems.flatMap((ecosystem) =>
    named.map((found) => ({
      package: { name: found.name, ecosystem },
      version: found.version,
    })),
  );
}

function languageName({ type, name }: Package): string {
  if (type === 'pypi') return packageName('PyPI', name);
  if (type === 'maven') return name.includes(':') ? name : name.replace(/\/([^/]*)$/, ':$1');
  if (type === 'golang') return name === 'std' || name === 'go' ? 'stdlib' : name;
  return name;
}

function isAskable({ package: { name }, version }: OsvQuery): boolean {
  return name.length > 0 && name.length <= 512 && version.length <= 512 && /\d/.test(version);
}

/** A severity as OSV states it: a vector by `CVSS_V3`, a word by `Ubuntu`. */
interface OsvSeverity {
  readonly type: string;
  readonly score: string;
}

interface OsvAffected {
  readonly ecosystem: string;
  readonly name: string;
  readonly fixed: readonly string[];
  readonly severity: readonly OsvSeverity[];
  /** Debian's urgency, or another word of the ecosystem's own. */
  readonly word?: string;
}

/** What is kept of a vulnerability's record: plain JSON, as the cache has it. */
export interface OsvRecord {
  readonly id: string;
  readonly withdrawn: boolean;
  /** Aliases and what it is a distribution's record of (`upstream`), together. */
  readonly names: readonly string[];
  readonly severity: readonly OsvSeverity[];
  /** GitHub's, or another database's, word. */
  readonly word?: string;
  readonly affected: readonly OsvAffected[];
}

const MOST_NAMES = 500;
const MOST_AFFECTED = 20_000;
const MOST_FIXES = 50;

/** Advisories that name their CVEs among what is related (AlmaLinux, SUSE). */
const NAMES_RELATED = /^(?:AL[SBE]A|R[LX]SA|ELSA|SUSE-|openSUSE-|MGASA-|OESA-)/;
/** Red Hat and its rebuilds begin the summary with it. */
const RATED_SUMMARY = /^(Critical|Important|Moderate|Low): /;

/** Reads a record of the OSV schema (1.x). Undefined where it is not the record of `id`. */
export function parseOsvRecord(value: unknown, id: string): OsvRecord | undefined {
  if (!isObject(value) || value['id'] !== id) return undefined;
  const named = [...ids(value, 'aliases'), ...ids(value, 'upstream')];
  const related =
    NAMES_RELATED.test(id) && !named.some(isCve) ? ids(value, 'related').filter(isCve) : [];
  const word =
    wordOf(value['database_specific']) ??
    RATED_SUMMARY.exec(textField(value, 'summary')?.slice(0, 20) ?? '')?.[1];
  return {
    id,
    withdrawn: textField(value, 'withdrawn') !== undefined,
    names: [...new Set([...named, ...related])].filter((name) => name !== id),
    severity: severities(value),
    ...(word === undefined ? {} : { word }),
    affected: listField(value, 'affected').slice(0, MOST_AFFECTED).flatMap(affectedOf),
  };
}

/** True for a record that the cache gave back; its inside was written by us. */
export function isOsvRecord(value: unknown, id: string): value is OsvRecord {
  return (
    isObject(value) &&
    value['id'] === id &&
    typeof value['withdrawn'] === 'boolean' &&
    ['names', 'severity', 'affected'].every((name) => Array.isArray(value[name]))
  );
}

/** What an entry of `affected` says of its package; none where it names none. */
export function affectedOf(value: unknown): readonly OsvAffected[] {
  const about = field(value, 'package');
  const ecosystem = textField(about, 'ecosystem');
  const name = textField(about, 'name');
  if (ecosystem === undefined || name === undefined) return [];
  const specific = field(value, 'ecosystem_specific');
  const word = shortText(field(specific, 'urgency')) ?? wordOf(specific);
  return [
    {
      ecosystem,
      name,
      fixed: fixesOf(value),
      severity: severities(value),
      ...(word === undefined ? {} : { word }),
    },
  ];
}

/** Versions that end a range; commits end the ranges of the source only. */
function fixesOf(affected: unknown): readonly string[] {
  const fixed = listField(affected, 'ranges')
    .filter((range) => textField(range, 'type') !== 'GIT')
    .flatMap((range) => listField(range, 'events'))
    .flatMap((event) => shortText(field(event, 'fixed')) ?? []);
  return [...new Set(fixed)].slice(0, MOST_FIXES);
}

function severities(value: unknown): readonly OsvSeverity[] {
  return listField(value, 'severity')
    .slice(0, 20)
    .flatMap((one) => {
      const type = shortText(field(one, 'type'));
      const score = shortText(field(one, 'score'));
      return type === undefined || score === undefined ? [] : [{ type, score }];
    });
}

function wordOf(specific: unknown): string | undefined {
  return shortText(field(specific, 'severity'));
}

function ids(value: unknown, name: string): readonly string[] {
  return listField(value, name)
    .slice(0, MOST_NAMES)
    .filter((id): id is string => typeof id === 'string' && isOsvId(id));
}

function shortText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '' || value.length > 256) return undefined;
  return hasControls(value) ? undefined : value;
}

interface Judged {
  readonly severity: Severity;
  readonly severitySource: string;
  readonly weight: 0 | 1 | 2;
}

/** What to do about findings whose severity no record states. */
export const UNRATED = 'State what it means for the image: scoville vex --review --attach IMAGE';

/** A distribution's records on one CVE, unlike advisories and databases for everybody. */
const OF_DISTRIBUTION = /^(DEBIAN|UBUNTU|ALPINE|ECHO)-CVE-/;

/**
 * How bad it is for a package: the distribution's word first (Debian's urgency, Ubuntu's priority),
 * then the database's (GitHub, an advisory), then the worst of the CVSS scores. Undefined where
 * nobody judges.
 */
export async function judgeOsv(
  record: OsvRecord,
  affected: readonly OsvAffected[],
): Promise<Judged | undefined> {
  // Packages that are malicious themselves have no score (OSSF malicious-packages).
  if (record.id.startsWith('MAL-'))
    return { severity: 'critical', severitySource: 'malicious package', weight: 1 };
  const stated = [...affected.flatMap(({ severity }) => severity), ...record.severity];
  const words = [
    ...affected.flatMap(({ word }) => word ?? []),
    ...stated.flatMap(({ type, score }) => (type === 'Ubuntu' ? score : [])),
    ...(record.word === undefined ? [] : [record.word]),
  ];
  const word = words.map(severityOf).find((severity) => severity !== 'unknown');
  if (word !== undefined) {
    const distribution = OF_DISTRIBUTION.exec(record.id)?.[1];
    return {
      severity: word,
      severitySource: (distribution ?? databaseOf(record.id)).toLowerCase(),
      weight: distribution === undefined ? 1 : 2,
    };
  }
  return worstScore(stated);
}

async function worstScore(stated: readonly OsvSeverity[]): Promise<Judged | undefined> {
  const vectors = stated.filter(({ type }) => type.startsWith('CVSS_')).map(({ score }) => score);
  const scores = await Promise.all([...new Set(vectors)].map(cvssScore));
  const [worst] = scores
    .filter((score) => score !== undefined)
    .toSorted((a, b) => b.score - a.score);
  if (worst === undefined) return undefined;
  return { severity: severityOfScore(worst.score), severitySource: worst.version, weight: 0 };
}

/** `GHSA-…` as `GHSA`. */
function databaseOf(id: string): string {
  return /^[A-Za-z]+/.exec(id)?.[0] ?? id;
}

/** True for a record that says how bad it is, or does not need to. */
export function isJudged({ withdrawn, word, severity, affected }: OsvRecord): boolean {
  return (
    withdrawn ||
    word !== undefined ||
    severity.length > 0 ||
    affected.some((one) => one.severity.length > 0)
  );
}

/**
 * What OSV's answers say of each package, withdrawn records left out; which versions are affected
 * is the server's word. `records` has the records of the matches, and of CVEs behind those that
 * judge nothing.
 */
export async function osvReports(
  plan: OsvPlan,
  matches: readonly OsvMatch[],
  records: ReadonlyMap<string, OsvRecord>,
): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const { question, id } of matches) {
    const record = records.get(id);
    const asked = plan.questions[question];
    if (record === undefined || record.withdrawn || asked === undefined) continue;
    const affected = record.affected.filter((one) => isAbout(one, asked.query));
    const said = await sayings(record, affected, records);
    const fixed = [...new Set(affected.flatMap((one) => one.fixed))];
    for (const one of asked.packages)
      for (const saying of said)
        reports.push({ ...about(id, one, fixed, asked.query.version), ...saying });
  }
  return reports;
}

/** What a record is called for a package, and how bad it says it is. */
type Saying = Pick<Report, 'id' | 'aliases' | 'severity' | 'severitySource' | 'weight'>;

const UNJUDGED = { severity: 'unknown', weight: 0 } as const;

/** A record without severity is as bad as its CVEs; an advisory for several becomes one per CVE. */
async function sayings(
  { id, names, ...record }: OsvRecord,
  affected: readonly OsvAffected[],
  records: ReadonlyMap<string, OsvRecord>,
): Promise<readonly Saying[]> {
  const judged = await judgeOsv({ id, names, ...record }, affected);
  if (judged !== undefined) return [{ id, aliases: names, ...judged }];
  const cves = names.filter(isCve);
  if (cves.length === 0) return [{ id, aliases: names, ...UNJUDGED }];
  return Promise.all(
    cves.map(async (cve) => {
      const behind = records.get(cve);
      const theirs = behind === undefined ? undefined : await judgeOsv(behind, []);
      const named = cves.length === 1 ? { id, aliases: names } : { id: cve, aliases: [id] };
      return { ...named, ...(theirs ?? UNJUDGED) };
    }),
  );
}

function about(
  id: string,
  { type, name, version, purl, location }: Package,
  fixed: readonly string[],
  asked: string,
): Omit<Report, 'severity' | 'weight'> {
  const nearest = nearestFix(asked, fixed, type);
  return {
    id,
    package: name,
    version,
    purl,
    path: location.path,
    url: `https://osv.dev/vulnerability/${encodeURIComponent(id)}`,
    ...(nearest === undefined ? {} : { fixedIn: nearest }),
    ...(fixed.length < 2 ? {} : { fixedVersions: fixed }),
  };
}

/** Ubuntu's variants (`:LTS`, `:Pro:`) and the same release without one are one distribution. */
function isAbout({ ecosystem, name }: OsvAffected, query: OsvQuery): boolean {
  const asked = query.package;
  const family = familyOf(ecosystem);
  return (
    packageName(family, name) === packageName(family, asked.name) &&
    (ecosystem === asked.ecosystem ||
      asked.ecosystem.startsWith(`${ecosystem}:`) ||
      ecosystem.startsWith(`${asked.ecosystem}:`))
  );
}
