import { isObject } from '../../model/json-value.ts';
import type { Supplier } from '../../model/packages.ts';
import { isPlainText } from './record.ts';

/** Words in the names of groups, as distributions and projects write them, but not of persons. */
const GROUP =
  /\b(?:authors|community|contributors|corp|corporation|developers|foundation|gmbh|group|inc|llc|ltd|maintainers|packagers|project|team)\b/i;
const EMAIL = /^[^\s<>()@]+@[^\s<>()@]+$/;
const NOBODY = /^(?:unknown|none|\(none\)|n\/a|null|undefined)$/i;
const LONGEST = 256;

/**
 * Who a record says supplies or made a package: `Name <address>`, with an address of a page behind
 * it as npm writes it. Of several the first. Undefined where nobody is named. `kind` is what the
 * field is for, where it says.
 */
export function recordedSupplier(stated: unknown, kind?: Supplier['kind']): Supplier | undefined {
  if (isObject(stated)) return ofParts(stated['name'], stated['email'], kind);
  if (!isPlainText(stated)) return undefined;
  const open = stated.indexOf('<');
  const close = stated.indexOf('>', open);
  if (open < 0 || close < 0) {
    const page = stated.trimEnd().endsWith(')') ? stated.lastIndexOf('(') : -1;
    const text = page > 0 ? stated.slice(0, page) : stated;
    return EMAIL.test(text.trim()) ? ofParts(text, text, kind) : ofParts(text, undefined, kind);
  }
  const address = stated.slice(open + 1, close);
  const name = stated
    .slice(0, open)
    .trim()
    .replace(/^"(.*)"$/, '$1');
  return ofParts(name === '' ? address : name, address, kind);
}

function ofParts(
  name: unknown,
  email: unknown,
  kind: Supplier['kind'] | undefined,
): Supplier | undefined {
  if (!isPlainText(name, LONGEST) || NOBODY.test(name.trim())) return undefined;
  // SPDX puts an address in parentheses behind the name.
  const plain = name.replaceAll(/[()]/g, ' ').replaceAll(/\s+/g, ' ').trim();
  if (plain === '') return undefined;
  const address =
    isPlainText(email, LONGEST) && EMAIL.test(email.trim()) ? email.trim() : undefined;
  const isGroup = GROUP.test(plain) || /@(?:lists|groups|alioth-lists)\./i.test(address ?? '');
  return {
    kind: kind ?? (isGroup ? 'organization' : 'person'),
    name: plain,
    ...(address === undefined || address === plain ? {} : { email: address }),
  };
}

/** The fields of a package, those that are known. */
export function suppliedBy(
  supplier: Supplier | undefined,
  originator?: Supplier,
): { readonly supplier?: Supplier; readonly originator?: Supplier } {
  return {
    ...(supplier === undefined ? {} : { supplier }),
    ...(originator === undefined ? {} : { originator }),
  };
}

/** The author as both maker and supplier, where the package's record names nobody else. */
export function madeBy(author: Supplier | undefined): ReturnType<typeof suppliedBy> {
  return suppliedBy(author, author);
}
