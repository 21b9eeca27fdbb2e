import type { EntrySink } from '../../image/formats/inflate.ts';
import { MalformedRecord } from '../../image/formats/sqlite.ts';
import { ZipStream } from '../../image/formats/zip-stream.ts';
import { fileName } from '../../lib/text.ts';
import type { RawPackage } from '../layer-facts.ts';
import {
  isPlainText,
  NOTHING,
  type ReadBudget,
  recordedPackage,
  recordedSupplier,
  type StreamReader,
} from './record.ts';

/** `name-1.2.3-suffix.jar`: the version begins at the first part that begins with a digit. */
const FILE_NAME = /^(.+?)-(\d[\w.+-]*(?<!\.x))\.[a-z]+$/i;
const GROUP = /^[A-Za-z_][\w.-]*$/;
/** Not the name of a Java package, as some write there. */
const TITLE = /^[\w+-]+$/;
/** As file systems bound them; the form above is slow on longer ones. */
const MAX_NAME = 255;
const WORD = /^[\w.+-]+$/;

/**
 * Packages of one Java archive: `found` in a `pom.properties` of it (a shaded one has several),
 * else what its manifest and its own file name say. An archive that does not say its version is not
 * known.
 */
function jarPackages(
  name: string,
  found: readonly RawPackage[],
  manifest: string,
): readonly RawPackage[] {
  const fields = manifestFields(manifest);
  const [only, ...others] = found;
  // The manifest speaks of the archive itself: with several, which one that is would be a guess.
  if (others.length > 0) return found;
  if (only !== undefined)
    return [{ ...only, ...recordedPackage('maven', only.name, only.version, aboutOf(fields)) }];
  const item = ofNames(name, fields);
  return item === undefined ? [] : [item];
}

function ofProperties(text: string): RawPackage | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const at = line.search(/[=:]/);
    if (at > 0 && !/^\s*[#!]/.test(line))
      fields.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  const [group, artifact, version] = ['groupId', 'artifactId', 'version'].map((name) =>
    fields.get(name),
  );
  if (!isPlainText(group) || !isPlainText(artifact)) return undefined;
  return recordedPackage('maven', `${group}:${artifact}`, version);
}

/** A manifest's main section (JAR File Specification): a space continues a line after 72 bytes. */
function manifestFields(text: string): ReadonlyMap<string, string> {
  const main = text.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const fields = new Map<string, string>();
  for (const line of main.replace(/\r?\n /g, '').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

function licensesOf(fields: ReadonlyMap<string, string>): readonly string[] {
  const stated = fields.get('bundle-license');
  // A list of ids or URLs, each with attributes behind a semicolon (OSGi Core, "Bundle-License").
  if (stated === undefined) return [];
  const ids = stated
    .split(',')
    .map((item) => (item.split(';', 1)[0] ?? '').trim().replace(/^"|"$/g, ''));
  return ids.filter((id) => isPlainText(id) && id !== '<<EXTERNAL>>').slice(0, 10);
}

function aboutOf(fields: ReadonlyMap<string, string>) {
  const stated = fields.get('implementation-vendor') ?? fields.get('bundle-vendor');
  return { licenses: licensesOf(fields), author: recordedSupplier(stated, 'organization') };
}

function ofNames(name: string, fields: ReadonlyMap<string, string>): RawPackage | undefined {
  const file = name.length > MAX_NAME ? null : FILE_NAME.exec(name);
  const artifact =
    file?.[1] ?? first(TITLE, fields, ['implementation-title']) ?? name.replace(/\.[^.]*$/, '');
  const version =
    file?.[2] ??
    first(WORD, fields, ['implementation-version', 'bundle-version', 'specification-version']);
  const group = groupOf(artifact, fields);
  const full = group === undefined ? artifact : `${group}:${artifact}`;
  return recordedPackage('maven', full, version, aboutOf(fields));
}

/**
 * Maven writes the group into the manifest; the bundle plugin makes the symbolic name of group and
 * artifact. Any other symbolic name is none: a wrong group would name a package that there is not.
 */
function groupOf(artifact: string, fields: ReadonlyMap<string, string>): string | undefined {
  const stated = first(GROUP, fields, ['implementation-vendor-id']);
  if (stated !== undefined) return stated;
  const symbolic = (fields.get('bundle-symbolicname') ?? '').split(';', 1)[0]?.trim() ?? '';
  if (!GROUP.test(symbolic) || !symbolic.endsWith(`.${artifact}`)) return undefined;
  const before = symbolic.slice(0, -artifact.length - 1);
  // `org.hamcrest` is group and artifact in one.
  return before.includes('.') ? before : symbolic;
}

function first(
  form: RegExp,
  fields: ReadonlyMap<string, string>,
  names: readonly string[],
): string | undefined {
  return names
    .map((name) => fields.get(name))
    .find((value) => value !== undefined && form.test(value));
}

const ARCHIVE = /\.(?:jar|war|ear|sar|par|nar|kar|jpi|hpi)$/i;
const PROPERTIES = /(?:^|\/)META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/;
const CONTROLS = /\p{Cc}/gu;
const MANIFEST = 'META-INF/MANIFEST.MF';
/** An ear has a war has a jar has a jar. */
const MAX_DEPTH = 4;
const MAX_TEXT = 64 * 1024;
const MAX_PACKAGES = 50_000;

/** Calls `done` with the beginning of a small text at its end. */
function textSink(done: (text: string) => void): EntrySink {
  const parts: Buffer[] = [];
  let length = 0;
  return {
    push: (bytes) => {
      const part = bytes.subarray(0, MAX_TEXT - length);
      parts.push(Buffer.from(part));
      length += part.length;
      return length < MAX_TEXT;
    },
    end: () => {
      done(Buffer.concat(parts).toString('utf8'));
    },
  };
}

/** What all archives of one file share. */
interface Shared {
  readonly budget: ReadBudget;
  readonly packages: RawPackage[];
  readonly wrong: string[];
}

/** An archive: the file or one nested in it. A damaged nested one does not end the outer one. */
class Archive implements EntrySink {
  readonly #zip: ZipStream;
  readonly #shared: Shared;
  /** Path of a nested one, seen from the file. */
  readonly #inside: string;
  readonly #name: string;
  readonly #depth: number;
  /** By their `pom.properties`; the texts are not kept, of which there may be a million. */
  readonly #found: RawPackage[] = [];
  #manifest = '';
  #isBroken = false;

  constructor(name: string, inside: string, depth: number, shared: Shared) {
    this.#name = name;
    this.#inside = inside;
    this.#depth = depth;
    this.#shared = shared;
    this.#zip = new ZipStream((entry) => this.#sinkFor(entry), shared.budget);
  }

  push(bytes: Uint8Array): boolean {
    return this.#tries(() => {
      this.#zip.push(bytes);
    });
  }

  end(): void {
    this.#tries(() => {
      this.#zip.end();
    });
    const { packages } = this.#shared;
    const found = jarPackages(this.#name, this.#found, this.#manifest);
    for (const item of found.slice(0, MAX_PACKAGES - packages.length))
      packages.push(this.#inside === '' ? item : { ...item, inside: this.#inside });
  }

  #tries(step: () => void): boolean {
    if (this.#isBroken) return false;
    try {
      step();
      return true;
    } catch (error) {
      if (!(error instanceof MalformedRecord)) throw error;
      this.#fail(error);
      return false;
    }
  }

  #fail(error: MalformedRecord): void {
    this.#isBroken = true;
    const place = this.#inside === '' ? '' : `${JSON.stringify(this.#inside)} in it: `;
    if (this.#shared.wrong.length < 10) this.#shared.wrong.push(`${place}${error.message}`);
  }

  #sinkFor(name: string): EntrySink | undefined {
    if (PROPERTIES.test(name))
      return textSink((text) => {
        const found = ofProperties(text);
        // A copy: a name cut out of a text would keep all of that text.
        if (found !== undefined && this.#found.length < MAX_PACKAGES)
          this.#found.push(structuredClone(found));
      });
    if (name === MANIFEST)
      return textSink((text) => {
        this.#manifest = text;
      });
    if (!ARCHIVE.test(name)) return undefined;
    const shown = name.replace(CONTROLS, '\uFFFD');
    const inside = this.#inside === '' ? shown : `${this.#inside}!/${shown}`;
    if (this.#depth < MAX_DEPTH && inside.length < 2000)
      return new Archive(fileName(name), inside, this.#depth + 1, this.#shared);
    if (this.#shared.wrong.length < 10)
      this.#shared.wrong.push(`archives in it are nested more than ${MAX_DEPTH} deep`);
    return undefined;
  }
}

export const JAR: StreamReader = {
  matches: (path) => ARCHIVE.test(path),
  start: ({ path, entry }, budget) => {
    const shared: Shared = { budget, packages: [], wrong: [] };
    const archive = new Archive(fileName(path), '', 1, shared);
    return {
      push: (bytes) => {
        archive.push(bytes);
      },
      end: () => {
        if (entry.size === 0) return NOTHING;
        archive.end();
        const { packages, wrong } = shared;
        return wrong.length === 0 ? { packages } : { packages, unreadable: wrong.join('; ') };
      },
    };
  },
};
