import { createHash } from 'node:crypto';
import deprecatedExceptions from 'spdx-exceptions/deprecated.json' with { type: 'json' };
import exceptions from 'spdx-exceptions/index.json' with { type: 'json' };
import deprecatedLicenses from 'spdx-license-ids/deprecated.json' with { type: 'json' };
import licenses from 'spdx-license-ids/index.json' with { type: 'json' };
import { byCodeUnit } from '../lib/text.ts';

/** A license as a package records it: an SBOM has another form for each kind. */
type License =
  /** On the SPDX license list. */
  | { readonly kind: 'id'; readonly id: string }
  /** A valid SPDX expression, canonical; `refs` are the LicenseRef- ids in it. */
  | { readonly kind: 'expression'; readonly expression: string; readonly refs: readonly string[] }
  /** Anything else, as recorded. */
  | { readonly kind: 'name'; readonly name: string };

const MAX_LENGTH = 1000;
const MAX_DEPTH = 20;
const LICENSE_REF = /^LicenseRef-[A-Za-z0-9.-]+$/;
const LICENSES = byLowerCase([...licenses, ...deprecatedLicenses]);
const EXCEPTIONS = byLowerCase([...exceptions, ...deprecatedExceptions]);

/** Ids are the same in any case (SPDX 2.3, annex D.2). */
function byLowerCase(ids: readonly string[]): ReadonlyMap<string, string> {
  return new Map(ids.map((id) => [id.toLowerCase(), id]));
}

/** Reads a recorded license: an id in any case, an SPDX expression (2.3, annex D), or a name. */
export function readLicense(recorded: string): License {
  const text = recorded.trim();
  const id = LICENSES.get(text.toLowerCase());
  if (id !== undefined) return { kind: 'id', id };
  const words = text.length > MAX_LENGTH ? [] : canonicalWords(text);
  if (!isExpression(words)) return { kind: 'name', name: text };
  const refs = words.filter((word) => LICENSE_REF.test(word));
  const expression = words.join(' ').replaceAll('( ', '(').replaceAll(' )', ')');
  return { kind: 'expression', expression, refs: [...new Set(refs)] };
}

/** The words of an expression, as the list spells them; empty where one is none. */
function canonicalWords(text: string): readonly string[] {
  const words: string[] = [];
  for (const word of text.match(/[()]|[^\s()]+/g) ?? []) {
    // Debian's copyright format writes `and` and `or` in lower case.
    const known = /^(?:and|or|with|[()])$/i.test(word)
      ? word.toUpperCase()
      : words.at(-1) === 'WITH'
        ? EXCEPTIONS.get(word.toLowerCase())
        : licenseIn(word);
    if (known === undefined) return [];
    words.push(known);
  }
  return words;
}

function licenseIn(word: string): string | undefined {
  const exact = LICENSE_REF.test(word) ? word : LICENSES.get(word.toLowerCase());
  if (exact !== undefined || !word.endsWith('+')) return exact;
  const base = LICENSES.get(word.slice(0, -1).toLowerCase());
  return base && `${base}+`;
}

/** Whether canonical words are an expression: inner parts are taken for licenses in turn. */
function isExpression(words: readonly string[]): boolean {
  const signs: Readonly<Record<string, string>> = { AND: '&', OR: '&', WITH: 'w' };
  let shape = words
    .map((word, at) =>
      words[at - 1] === 'WITH' ? 'e' : /^[()]$/.test(word) ? word : (signs[word] ?? 'L'),
    )
    .join('')
    .replaceAll('Lwe', 'L');
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    shape = shape.replaceAll(/L(?:&L)+/g, 'L');
    if (!shape.includes('(L)')) break;
    shape = shape.replaceAll('(L)', 'L');
  }
  return shape === 'L';
}

/** A license not on the SPDX list, with what the package says of it (SPDX 2.3, clause 10). */
interface ExtractedLicense {
  readonly licenseId: string;
  readonly extractedText: string;
  readonly name: string;
}

/** Turns recorded licenses into SPDX expressions; remembers what the document must then define. */
export class ExtractedLicenses {
  readonly #byId = new Map<string, ExtractedLicense>();

  declared(recorded: readonly string[]): string {
    if (recorded.length === 0) return 'NOASSERTION';
    const parts = [...new Set(recorded.map((text) => this.#expression(text)))];
    if (parts.length === 1) return parts[0] ?? 'NOASSERTION';
    return parts.map((part) => (part.includes(' OR ') ? `(${part})` : part)).join(' AND ');
  }

  list(): ExtractedLicense[] {
    return [...this.#byId.values()].sort((a, b) => byCodeUnit(a.licenseId, b.licenseId));
  }

  #expression(text: string): string {
    const license = readLicense(text);
    switch (license.kind) {
      case 'id':
        return license.id;
      case 'expression':
        for (const ref of license.refs) this.#remember(ref, ref);
        return license.expression;
      case 'name':
        return this.#remember(nameId(license.name), license.name);
    }
  }

  #remember(licenseId: string, text: string): string {
    this.#byId.set(licenseId, { licenseId, extractedText: text, name: text });
    return licenseId;
  }
}

function nameId(name: string): string {
  const readable = name.replace(/[^A-Za-z0-9.]+/g, '-').slice(0, 40);
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12);
  return `LicenseRef-scoville-${readable.replace(/^-+|(?<!-)-+$/g, '') || 'text'}-${hash}`;
}
