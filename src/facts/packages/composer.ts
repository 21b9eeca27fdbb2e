import { isObject, parseJson } from '../../model/json-value.ts';
import type { RawPackage } from '../layer-facts.ts';
import { isPlainText, type RecordReader, textOf, unreadable } from './record.ts';
import { madeBy, recordedSupplier } from './recorded-supplier.ts';

const INSTALLED = /(?:^|\/)composer\/installed\.json$/;

function packageOf(item: unknown): RawPackage | undefined {
  if (!isObject(item)) return undefined;
  const { name, version, license, authors } = item;
  if (!isPlainText(name) || !isPlainText(version)) return undefined;
  const stated: readonly unknown[] = Array.isArray(license) ? license : [license];
  const licenses = stated.filter((item) => isPlainText(item));
  const [author] = Array.isArray(authors) ? (authors as readonly unknown[]) : [];
  return { type: 'composer', name, version, licenses, ...madeBy(recordedSupplier(author)) };
}

/** PHP packages that composer installed: a list (version 1), or one in `packages` (version 2). */
export const COMPOSER: RecordReader = {
  matches: (path) => path.endsWith('/installed.json') && INSTALLED.test(path),
  cap: 32 * 1024 * 1024,
  read: (content) => {
    const document = parseJson(textOf(content));
    if (document === undefined) return unreadable('it is not JSON');
    const list: unknown =
      isObject(document) && 'packages' in document ? document['packages'] : document;
    if (!Array.isArray(list)) return unreadable('it does not contain a list of packages');
    const packages = list.flatMap((item) => packageOf(item) ?? []);
    const broken = list.length - packages.length;
    return broken === 0
      ? { packages }
      : { packages, unreadable: `${broken} entries have no name or no version` };
  },
};
