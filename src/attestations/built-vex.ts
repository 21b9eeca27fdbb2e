import type { Digest } from '../model/digest.ts';
import { field, isObject } from '../model/json-value.ts';
import { readPurl } from '../model/purl.ts';
import { type NamedImage, vexProducts } from './vex-products.ts';

const MOST_ENTRIES = 50_000;

/**
 * An OpenVEX document as a build attaches it: the statements that mean the image, each also by its
 * digests, which is how scanners ask. `means` says whether a product's name is the image's; it is
 * told whether the product's parts are versions of packages.
 * Undefined where it is not OpenVEX, or no statement means it.
 */
export function builtVex(
  document: unknown,
  image: NamedImage,
  means: (name: string, isByVersion: boolean) => boolean,
): Readonly<Record<string, unknown>> | undefined {
  const context = field(document, '@context');
  if (!isObject(document) || typeof context !== 'string') return undefined;
  if (!context.startsWith('https://openvex.dev/ns')) return undefined;
  const statements = listOf(document, 'statements').flatMap((statement) => {
    const own = listOf(statement, 'products').filter((product) => {
      const isByVersion = hasVersions(product);
      return namesOf(product).some((name) => means(name, isByVersion));
    });
    if (own.length === 0 || !isObject(statement)) return [];
    const products = own.flatMap((product) => [product, ...byDigest(product, image)]);
    return [{ ...statement, products }];
  });
  if (statements.length === 0) return undefined;
  const id = field(document, '@id');
  const marked = `${typeof id === 'string' ? id : 'urn:openvex'}${mark(image.digests[0])}`;
  return { ...document, '@id': marked, statements };
}

/** True for a document that a build made of one of the settings, for the image of that digest. */
export function isBuiltVex(predicate: unknown, digest: Digest): boolean {
  const id = field(predicate, '@id');
  return typeof id === 'string' && id.endsWith(mark(digest));
}

function mark(digest: Digest | undefined): string {
  return `#${digest ?? ''}`;
}

function byDigest(product: unknown, image: NamedImage): readonly unknown[] {
  const subcomponents = field(product, 'subcomponents');
  const parts = subcomponents === undefined ? {} : { subcomponents };
  const { registry, repository } = image.reference;
  const reference = { registry, repository };
  return vexProducts({ ...image, reference }, []).map((one) => ({ ...one, ...parts }));
}

function namesOf(product: unknown): readonly string[] {
  if (typeof product === 'string') return [product];
  const identifiers = field(product, 'identifiers');
  return [
    field(product, '@id'),
    ...(isObject(identifiers) ? Object.values(identifiers) : []),
  ].filter((name) => typeof name === 'string');
}

function hasVersions(product: unknown): boolean {
  const parts = listOf(product, 'subcomponents').map(namesOf);
  const isVersion = (name: string): boolean => readPurl(name)?.version !== undefined;
  return parts.length > 0 && parts.every((names) => names.length > 0 && names.every(isVersion));
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? (found as readonly unknown[]).slice(0, MOST_ENTRIES) : [];
}
