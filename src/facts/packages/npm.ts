import {
  isObject,
  isPlainText,
  jsonObject,
  NOTHING,
  type RecordReader,
  textOf,
  unreadable,
} from './record.ts';

/** The manifest at the root of an installed package: the folder right below `node_modules`, or below its scope. */
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

/** Packages that npm, yarn or pnpm put into a `node_modules`. A manifest without name and version is that of no package. */
export const NPM: RecordReader = {
  matches: (path) => path.endsWith('/package.json') && PACKAGE_ROOT.test(path),
  cap: 1024 * 1024,
  read: (content) => {
    const manifest = jsonObject(textOf(content));
    if (manifest === undefined) return unreadable('it is not a JSON object');
    const { name, version } = manifest;
    if (!isPlainText(name) || !isPlainText(version)) return NOTHING;
    return { packages: [{ type: 'npm', name, version, licenses: licensesOf(manifest) }] };
  },
};
