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
  if (text.length <= MAX_LENGTH) {
    const parser = new ExpressionParser(text.match(/[()]|[^\s()]+/g) ?? []);
    const expression = parser.parse();
    if (expression !== undefined) return { kind: 'expression', expression, refs: parser.refs };
  }
  return { kind: 'name', name: text };
}

/** Recursive descent over `or > and > with > simple`; undefined anywhere means: no expression. */
class ExpressionParser {
  readonly refs: string[] = [];
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  parse(): string | undefined {
    const expression = this.#joined('OR', 0);
    return this.#at === this.#tokens.length ? expression : undefined;
  }

  #joined(operator: 'OR' | 'AND', depth: number): string | undefined {
    const parts: string[] = [];
    do {
      const part = operator === 'OR' ? this.#joined('AND', depth) : this.#withException(depth);
      if (part === undefined) return undefined;
      parts.push(part);
    } while (this.#take(operator));
    return parts.join(` ${operator} `);
  }

  #withException(depth: number): string | undefined {
    if (this.#take('(')) {
      const inner = depth < MAX_DEPTH ? this.#joined('OR', depth + 1) : undefined;
      return inner !== undefined && this.#take(')') ? `(${inner})` : undefined;
    }
    const license = this.#simple();
    if (license === undefined || !this.#take('WITH')) return license;
    const exception = EXCEPTIONS.get(this.#tokens[this.#at++]?.toLowerCase() ?? '');
    return exception === undefined ? undefined : `${license} WITH ${exception}`;
  }

  #simple(): string | undefined {
    const token = this.#tokens[this.#at++] ?? '';
    if (LICENSE_REF.test(token)) {
      if (!this.refs.includes(token)) this.refs.push(token);
      return token;
    }
    const exact = LICENSES.get(token.toLowerCase());
    if (exact !== undefined || !token.endsWith('+')) return exact;
    const base = LICENSES.get(token.slice(0, -1).toLowerCase());
    return base && `${base}+`;
  }

  #take(token: string): boolean {
    // Debian's copyright format writes `and` and `or` in lower case.
    if (this.#tokens[this.#at]?.toUpperCase() !== token) return false;
    this.#at += 1;
    return true;
  }
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
