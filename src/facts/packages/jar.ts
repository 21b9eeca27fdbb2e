import { MalformedRecord } from '../../formats/malformed-record.ts';
import type { EntrySink } from '../../formats/unpack-budget.ts';
import { ZipStream } from '../../formats/zip-stream.ts';
import { fileName } from '../../model/path.ts';
import type { RawPackage } from '../layer-facts.ts';
import { jarPackages, ofProperties } from './jar-identity.ts';
import {
  NOTHING,
  type ReadBudget,
  type RecordContent,
  type RecordStream,
  type StreamReader,
} from './record.ts';

const ARCHIVE = /\.(?:jar|war|ear|sar|par|nar|kar|jpi|hpi)$/i;
const PROPERTIES = /(?:^|\/)META-INF\/maven\/[^/]+\/[^/]+\/pom\.properties$/;
const CONTROLS = /\p{Cc}/gu;
const MANIFEST = 'META-INF/MANIFEST.MF';
/** An ear has a war has a jar has a jar. */
const MAX_DEPTH = 4;
const MAX_TEXT = 64 * 1024;
const MAX_PACKAGES = 50_000;

/** The first bytes of a small text. */
class TextSink implements EntrySink {
  readonly #parts: Buffer[] = [];
  readonly #done: (text: string) => void;
  #length = 0;

  constructor(done: (text: string) => void) {
    this.#done = done;
  }

  push(bytes: Uint8Array): boolean {
    const part = bytes.subarray(0, MAX_TEXT - this.#length);
    this.#parts.push(Buffer.from(part));
    this.#length += part.length;
    return this.#length < MAX_TEXT;
  }

  end(): void {
    this.#done(Buffer.concat(this.#parts).toString('utf8'));
  }
}

/** What all archives of one file share. */
interface Shared {
  readonly budget: ReadBudget;
  readonly packages: RawPackage[];
  /** What could not be read, first things first. */
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

  /** False where the archive is damaged. */
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
      return new TextSink((text) => {
        const found = ofProperties(text);
        // A copy: a name cut out of a text would keep all of that text.
        if (found !== undefined && this.#found.length < MAX_PACKAGES)
          this.#found.push(structuredClone(found));
      });
    if (name === MANIFEST)
      return new TextSink((text) => {
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

class JarFile implements RecordStream {
  readonly #shared: Shared;
  readonly #archive: Archive;
  readonly #size: number;

  constructor(name: string, size: number, budget: ReadBudget) {
    this.#shared = { budget, packages: [], wrong: [] };
    this.#size = size;
    this.#archive = new Archive(name, '', 1, this.#shared);
  }

  push(bytes: Uint8Array): void {
    this.#archive.push(bytes);
  }

  end(): RecordContent {
    if (this.#size === 0) return NOTHING;
    this.#archive.end();
    const { packages, wrong } = this.#shared;
    return wrong.length === 0 ? { packages } : { packages, unreadable: wrong.join('; ') };
  }
}

/** Java archives, and those nested in them. */
export const JAR: StreamReader = {
  matches: (path) => ARCHIVE.test(path),
  start: ({ path, entry }, budget) => new JarFile(fileName(path), entry.size, budget),
};
