import { dirname, resolve } from 'node:path';
import { err, ok, type Result } from '../model/result.ts';
import type { Settings, Waiver } from '../model/settings.ts';
import { DEFAULT_SETTINGS } from './default-settings.ts';
import { didYouMean } from './did-you-mean.ts';
import type { ConfigProblem } from './problem.ts';
import { readDocument } from './read-document.ts';
import { type Reading, readNode, reportAt } from './read-node.ts';
import { SETTINGS_TABLE } from './settings-table.ts';

export interface ParseOptions {
  /** The file's path, for messages and for paths that are relative to it. */
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Ids that a waiver may name; without them any is taken. */
  readonly criteria?: readonly string[];
}

const LONGEST_FILE = 256 * 1024;

/**
 * Reads the text of a `.scoville.yaml` (YAML 1.2): every unknown key, wrong type, bad value, duplicate key and expired
 * waiver is a problem with line and column; nothing is read past them. Defaults are filled in. At most
 * a hundred aliases are followed. The parser is loaded here, so that a build without settings never pays for it.
 */
export async function parseSettings(
  text: string,
  options: ParseOptions,
): Promise<Result<Settings, readonly ConfigProblem[]>> {
  const { file } = options;
  const opened = await readDocument(text, { file, longest: LONGEST_FILE });
  if (!opened.ok) return opened;
  const reading = opened.value;
  const { yaml } = reading;
  const root = reading.document.contents as Parameters<typeof readNode>[0];
  const isEmpty = root === null || (yaml.isScalar(root) && root.value === null);
  const value = isEmpty
    ? {}
    : readNode(root, { kind: 'object', fields: SETTINGS_TABLE }, '', reading);
  const settings = settingsOf((value ?? {}) as unknown as GivenSettings, file);
  checkWaivers(settings.gate.waivers, options, reading);
  if (settings.sign.keyless && settings.sign.key !== undefined)
    reportAt(['sign', 'keyless'], 'sign.keyless and sign.key exclude each other', reading);
  return reading.problems.length > 0 ? err(reading.problems) : ok(settings);
}

/** Settings as the file gives them: checked against the table, every key optional. */
type GivenSettings = {
  readonly [K in keyof Omit<Settings, 'file'>]?: Settings[K] extends object
    ? Partial<Settings[K]>
    : Settings[K];
};

function settingsOf(given: GivenSettings, file: string): Settings {
  const { sign, trust, gate } = given;
  const beside = (path: string): string => besideFile(path, file);
  return {
    ...DEFAULT_SETTINGS,
    file,
    image: { ...DEFAULT_SETTINGS.image, ...given.image },
    secrets: { ...DEFAULT_SETTINGS.secrets, ...given.secrets },
    sign: {
      ...DEFAULT_SETTINGS.sign,
      ...sign,
      ...(sign?.key === undefined ? {} : { key: beside(sign.key) }),
    },
    attest: { ...DEFAULT_SETTINGS.attest, ...given.attest },
    reproducible: { ...DEFAULT_SETTINGS.reproducible, ...given.reproducible },
    gate: { ...DEFAULT_SETTINGS.gate, ...gate },
    trust: { ...DEFAULT_SETTINGS.trust, ...trust, keys: (trust?.keys ?? []).map(beside) },
    fix: { ...DEFAULT_SETTINGS.fix, ...given.fix },
    lock: given.lock ?? DEFAULT_SETTINGS.lock,
    recentDays: given.recentDays ?? DEFAULT_SETTINGS.recentDays,
    registries: { ...(given.registries as Settings['registries'] | undefined) },
    scanner: given.scanner ?? DEFAULT_SETTINGS.scanner,
    osv: { ...DEFAULT_SETTINGS.osv, ...given.osv },
    offline: given.offline ?? DEFAULT_SETTINGS.offline,
    ui: { ...DEFAULT_SETTINGS.ui, ...given.ui },
    vex: ((given.vex as Settings['vex'] | undefined) ?? []).map(beside),
  };
}

/** A path is meant from the settings file's folder; a URI (`awskms://`, `pkcs11:`, `env://`) stays as it is. */
function besideFile(path: string, file: string): string {
  return /^[a-z][a-z0-9+.-]+:/i.test(path) ? path : resolve(dirname(file), path);
}

function checkWaivers(waivers: readonly Waiver[], options: ParseOptions, reading: Reading): void {
  const today = new Date(options.now).toISOString().slice(0, 10);
  waivers.forEach(({ criterion, expires }, i) => {
    const at = (key: string): readonly (string | number)[] => ['gate', 'waivers', i, key];
    if (options.criteria !== undefined && !options.criteria.includes(criterion)) {
      const near = didYouMean(criterion, options.criteria);
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      reportAt(
        at('criterion'),
        `there is no criterion ${JSON.stringify(criterion)}${hint}`,
        reading,
      );
    }
    if (expires === undefined) return;
    if (!isDate(expires)) reportAt(at('expires'), `${expires} is no date`, reading);
    else if (expires < today)
      reportAt(at('expires'), `the waiver of ${criterion} expired on ${expires}`, reading);
  });
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}
