import { isPlainText, type PackageDatabase } from './package-database.ts';

/** The manifest at the root of an installed package: the folder right below `node_modules`, or below its scope. */
const PACKAGE_ROOT = /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/;

/** `license` as npm documents it, and the older `licenses` list. */
function licensesOf(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const stated = manifest['license'] ?? manifest['licenses'];
  const list: readonly unknown[] = Array.isArray(stated) ? stated : [stated];
  return list.flatMap((item) => {
    if (isPlainText(item)) return [item];
    if (typeof item !== 'object' || item === null || !('type' in item)) return [];
    return isPlainText(item.type) ? [item.type] : [];
  });
}

/** Packages that npm, yarn or pnpm put into a `node_modules`. */
export const NPM: PackageDatabase = {
  matches: (path) => path.endsWith('/package.json') && PACKAGE_ROOT.test(path),
  cap: 1024 * 1024,
  parse: (text) => {
    let manifest: unknown;
    try {
      manifest = JSON.parse(text);
    } catch {
      return [];
    }
    if (typeof manifest !== 'object' || manifest === null) return [];
    const fields = manifest as Readonly<Record<string, unknown>>;
    const { name, version } = fields;
    if (!isPlainText(name) || !isPlainText(version)) return [];
    return [{ type: 'npm', name, version, licenses: licensesOf(fields) }];
  },
};
