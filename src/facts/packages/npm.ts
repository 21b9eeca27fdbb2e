import { isObject, parseJson } from '../../model/json-value.ts';
import type { Supplier } from '../../model/packages.ts';
import { isPlainText, NOTHING, type RecordReader, textOf, unreadable } from './record.ts';
import { madeBy, recordedSupplier } from './recorded-supplier.ts';

/** The manifest at an installed package's root: the folder below `node_modules` or its scope. */
const PACKAGE_ROOT = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/;

/** `license` as npm documents it, and the older `licenses` list. */
function licensesOf(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const stated = manifest['license'] ?? manifest['licenses'];
  const list: readonly unknown[] = Array.isArray(stated) ? stated : [stated];
  return list.flatMap((item) => {
    if (isPlainText(item)) return [item];
    return isObject(item) && isPlainText(item['type']) ? [item['type']] : [];
  });
}

/** `author` as npm documents it, else the first of `maintainers`. */
function authorOf({
  author,
  maintainers,
}: Readonly<Record<string, unknown>>): Supplier | undefined {
  const [first] = Array.isArray(maintainers) ? (maintainers as readonly unknown[]) : [maintainers];
  return recordedSupplier(author) ?? recordedSupplier(first);
}

/**
 * Packages that npm, yarn or pnpm put into a `node_modules`. A manifest without a name or a version
 * is not a package.
 */
export const NPM: RecordReader = {
  matches: (path) => path.endsWith('/package.json') && PACKAGE_ROOT.test(path),
  cap: 1024 * 1024,
  read: (content) => {
    const manifest = parseJson(textOf(content));
    if (!isObject(manifest)) return unreadable('it is not a JSON object');
    const { name, version } = manifest;
    if (!isPlainText(name) || !isPlainText(version)) return NOTHING;
    const licenses = licensesOf(manifest);
    return { packages: [{ type: 'npm', name, version, licenses, ...madeBy(authorOf(manifest)) }] };
  },
};
