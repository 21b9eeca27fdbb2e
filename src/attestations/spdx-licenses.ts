import { createHash } from 'node:crypto';
import { byCodeUnit } from '../model/order.ts';
import { readLicense } from './license-expression.ts';

/** A license not on the SPDX list, with what the package says of it (SPDX 2.3, clause 10). */
export interface ExtractedLicense {
  readonly licenseId: string;
  readonly extractedText: string;
  readonly name: string;
}

/** Turns recorded licenses into SPDX expressions; remembers what the document must then define. */
export class ExtractedLicenses {
  readonly #byId = new Map<string, ExtractedLicense>();

  /** `licenseDeclared` of a package: all that it records, joined by AND; NOASSERTION for none. */
  declared(recorded: readonly string[]): string {
    if (recorded.length === 0) return 'NOASSERTION';
    const parts = [...new Set(recorded.map((text) => this.#expression(text)))];
    if (parts.length === 1) return parts[0] ?? 'NOASSERTION';
    return parts.map((part) => (part.includes(' OR ') ? `(${part})` : part)).join(' AND ');
  }

  /** All licenses that the expressions so far refer to, sorted by id. */
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
