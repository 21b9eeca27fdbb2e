import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';
import type { VulnerabilitiesFact } from '../../src/model/facts.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { FoundAttestation } from '../../src/model/statement.ts';
import { ELF, elfWith, file, hardlink, type Item, link, program } from '../facts/support.ts';
import { words } from '../fakes/table.ts';
import type { Layer, Recipe, Subjects } from './made-image.ts';
import {
  DEBIAN,
  DISTROLESS,
  DOCKERFILE,
  dpkgRecord,
  dpkgStatus,
  filledUp,
  OS_PACKAGES,
  osRelease,
  PASSWD,
  PIN,
} from './starting-points.ts';
import { attestation, provenance, sbom, scanOf, seccomp } from './statements.ts';

/** `program opt/{a,b} 4755`: a word of `MAKE`, and what it is about; or a file with a content. */
type GivenItem = string | GivenFile;

interface GivenFile {
  readonly file?: string;
  readonly program?: string;
  /** `@NAME` is the name of the file. */
  readonly content?: string;
  /** The text in the middle of an ELF file. */
  readonly elf?: string;
  readonly zeros?: number;
}

type GivenLayers = readonly (readonly GivenItem[])[];

interface GivenStatement {
  /** The image itself where it is not said. */
  readonly about?: 'index' | 'other';
  readonly found?: Partial<FoundAttestation>;
}

interface GivenSbom extends GivenStatement {
  /** Packages by name, `total` of them. */
  readonly names?: string;
  readonly total?: number;
  readonly components?: readonly object[];
  readonly spdx?: object;
}

/** Each as the hardened image has it where it is not said; null is none. */
interface GivenStatements {
  readonly provenance?: (GivenStatement & Parameters<typeof provenance>[1]) | null;
  readonly sbom?: GivenSbom | null;
  readonly profiles?: readonly unknown[];
}

/** Parts of a recipe as the files of YAML have them. */
export interface GivenParts extends Omit<Partial<Recipe>, 'layers' | 'attestations' | 'scan'> {
  readonly layers?: GivenLayers;
  /** Layers on those of the image that it begins as. */
  readonly with?: GivenLayers;
  /** What is new in its configuration. */
  readonly configWith?: Recipe['config'];
  readonly statements?: GivenStatements;
  readonly scan?: Partial<VulnerabilitiesFact>;
  /** Parts that it has not. */
  readonly without?: readonly (keyof Recipe)[];
}

/**
 * What begins with `@` in the files. Secrets are made up, and put together here so that no scanner
 * of this repository takes them for one.
 */
const SIGNS: Readonly<Record<string, string>> = {
  '@PIN': PIN,
  '@DOCKERFILE': DOCKERFILE,
  '@TOKEN': `ghp_${'Zk3'.repeat(12)}`,
  '@NPM_TOKEN': ['Kd9', 'xQ2', 'mV7', 'Lr4', 'Tz8', 'Wb3'].join(''),
  '@AWS_ID': `AKIA${'Q3ZT'.repeat(4)}`,
  '@RSA_KEY': [
    ['-----BEGIN RSA', 'PRIVATE KEY-----'].join(' '),
    'MIIEpAIBAAKCAQEAr0Zx'.repeat(6),
    '-----END RSA PRIVATE KEY-----\n',
  ].join('\n'),
  '@ANY_KEY': [
    ['-----BEGIN', 'PRIVATE KEY-----'].join(' '),
    'MIIEvQIBADANBgkqhkiG9w0'.repeat(4),
    '-----END PRIVATE KEY-----',
  ].join('\n'),
};

function signed(text: string): string {
  return Object.entries(SIGNS).reduce(
    (all, [sign, long]) => all.replaceAll(sign, () => long),
    text,
  );
}

/** The rows of a file of this folder. */
export function givenRows(path: string): unknown {
  const text = readFileSync(`test/accuracy/${path}`, 'utf8');
  return parse(text, (_key, value: unknown) => (typeof value === 'string' ? signed(value) : value));
}

/** cap_net_raw+ep, VFS capabilities v2. */
const NET_RAW = Buffer.from('0100000200200000000000000000000000000000', 'hex').toString('latin1');
const octal = (mode: string): number => Number.parseInt(mode, 8);

/** Entries by their first word. */
const MAKE: Readonly<Record<string, (...rest: string[]) => Layer>> = {
  program: (path = '', mode = '755') => [program(path, ELF, octal(mode))],
  busybox: (path = '') => [
    program(path, elfWith('BusyBox v1.37.0 (2025-06-01) multi-call binary', 40_000)),
  ],
  capable: (path = '') => [
    { ...program(path), pax: { 'SCHILY.xattr.security.capability': NET_RAW } },
  ],
  file: (path = '') => [file(path)],
  text: (path = '') => [file(path, 'text')],
  folder: (path = '', mode = '755') => [{ path, type: 'directory', mode: octal(mode) }],
  link: (path = '', target = '') => [link(path, target)],
  hardlink: (path = '', target = '', mode = '755') => [hardlink(path, target, octal(mode))],
  os: (id = '', version) => [osRelease(id, version)],
  passwd: () => [PASSWD],
  // As many packages as that, one of this name.
  dpkg: (total, ...names) => [dpkgStatus(filledUp(names, Number(total)))],
  record: (name = '') => [file(`var/lib/dpkg/status.d/${name}`, dpkgRecord(name))],
  'distroless-but': (path) => DISTROLESS.filter((item) => item.path !== path),
  debian: () => DEBIAN,
};

/** `{a,b}` and `{0..9}` as a shell expands them. */
function expanded(text: string): readonly string[] {
  const [, before = '', list = '', after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(text) ?? [];
  if (list === '') return [text];
  const [, last] = list.split('..');
  const each = last === undefined ? list.split(',') : [...Array(Number(last) + 1).keys()];
  return each.map((one) => `${before}${one}${after}`);
}

/** The entries that a row gives for one. */
export function itemsOf(given: GivenItem): readonly Item[] {
  if (typeof given === 'string')
    return expanded(given).flatMap((text) => {
      const [word = '', ...rest] = words(text);
      const make = MAKE[word];
      if (make === undefined) throw new Error(`no entry of a layer: ${text}`);
      return make(...rest);
    });
  const { program: executable, elf, zeros, content = '' } = given;
  return expanded(executable ?? given.file ?? '').map((path) => {
    const text = content.replaceAll('@NAME', basename(path));
    const bytes = elf === undefined ? text : elfWith(elf, 40_000);
    const whole = zeros === undefined ? bytes : new Uint8Array(zeros);
    return executable === undefined ? file(path, whole) : program(path, whole);
  });
}

function layersOf(given: GivenLayers): readonly Layer[] {
  return given.map((items) => items.flatMap(itemsOf));
}

function sbomOf(given: GivenSbom, about: Pick<Subjects, 'manifest'>): FoundAttestation {
  const { names, total, components, spdx, found } = given;
  if (spdx !== undefined) return attestation('https://spdx.dev/Document', spdx, about);
  const named = names === undefined ? OS_PACKAGES : words(names);
  return sbom(about, components ?? filledUp(named, total), found);
}

function statementsOf(given: GivenStatements, subjects: Subjects): readonly FoundAttestation[] {
  const { provenance: built = {}, sbom: listed = {}, profiles = [undefined] } = given;
  const subjectOf = ({ about }: GivenStatement) => ({
    manifest:
      about === 'other'
        ? digestOf('another image')
        : about === 'index'
          ? subjects.index
          : subjects.manifest,
  });
  return [
    ...(built === null ? [] : [provenance(subjectOf(built), built, built.found)]),
    ...(listed === null ? [] : [sbomOf(listed, subjectOf(listed))]),
    ...profiles.map((profile) => seccomp(subjects, profile)),
  ];
}

/** The parts of a row. */
export function partsOf(given: GivenParts, start: Recipe): Partial<Recipe> {
  const { layers, with: more, configWith, statements, scan, without = [], ...parts } = given;
  return {
    ...parts,
    ...(layers && { layers: layersOf(layers) }),
    ...(more && { layers: [...start.layers, ...layersOf(more)] }),
    ...(configWith && { config: { ...start.config, ...configWith } }),
    ...(statements && { attestations: (subjects) => statementsOf(statements, subjects) }),
    ...(scan && { scan: { ...scanOf(), ...scan } }),
    ...Object.fromEntries(without.map((part) => [part, undefined])),
  };
}
