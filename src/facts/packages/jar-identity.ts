import type { RawPackage } from '../layer-facts.ts';
import { isPlainText } from './record.ts';
import { madeBy, recordedSupplier } from './recorded-supplier.ts';

/** `name-1.2.3-suffix.jar`: the version begins at the first part that begins with a digit. */
const FILE_NAME = /^(.+?)-(\d[\w.+-]*(?<!\.x))\.[a-z]+$/i;
const GROUP = /^[A-Za-z_][\w.-]*$/;
/** Not the name of a Java package, as some write there. */
const TITLE = /^[\w+-]+$/;
/** As file systems bound them; the form above is slow on longer ones. */
const MAX_NAME = 255;
const WORD = /^[\w.+-]+$/;

/**
 * Packages of one Java archive: `found` in a `pom.properties` of it (a shaded one has several),
 * else what its manifest and its own file name say. An archive that does not say its version is not
 * known.
 */
export function jarPackages(
  name: string,
  found: readonly RawPackage[],
  manifest: string,
): readonly RawPackage[] {
  const fields = manifestFields(manifest);
  if (found.length > 0) {
    const licenses = licensesOf(fields);
    // The manifest speaks of the archive itself: with several, which one that is would be a guess.
    return found.length === 1
      ? found.map((item) => ({ ...item, licenses, ...vendorOf(fields) }))
      : found;
  }
  const item = ofNames(name, fields);
  return item === undefined ? [] : [item];
}

/** The package that a `pom.properties` names; undefined where it does not name one. */
export function ofProperties(text: string): RawPackage | undefined {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const at = line.search(/[=:]/);
    if (at > 0 && !/^\s*[#!]/.test(line))
      fields.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
  }
  const [group, artifact, version] = ['groupId', 'artifactId', 'version'].map((name) =>
    fields.get(name),
  );
  if (!isPlainText(group) || !isPlainText(artifact) || !isPlainText(version)) return undefined;
  return { type: 'maven', name: `${group}:${artifact}`, version, licenses: [] };
}

/** A manifest's main section (JAR File Specification): a space continues a line after 72 bytes. */
function manifestFields(text: string): ReadonlyMap<string, string> {
  const main = text.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const fields = new Map<string, string>();
  for (const line of main.replace(/\r?\n /g, '').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return fields;
}

function licensesOf(fields: ReadonlyMap<string, string>): readonly string[] {
  const stated = fields.get('bundle-license');
  // A list of ids or URLs, each with attributes behind a semicolon (OSGi Core, "Bundle-License").
  if (stated === undefined) return [];
  const ids = stated
    .split(',')
    .map((item) => (item.split(';', 1)[0] ?? '').trim().replace(/^"|"$/g, ''));
  return ids.filter((id) => isPlainText(id) && id !== '<<EXTERNAL>>').slice(0, 10);
}

function vendorOf(fields: ReadonlyMap<string, string>): ReturnType<typeof madeBy> {
  const stated = fields.get('implementation-vendor') ?? fields.get('bundle-vendor');
  return madeBy(recordedSupplier(stated, 'organization'));
}

function ofNames(name: string, fields: ReadonlyMap<string, string>): RawPackage | undefined {
  const file = name.length > MAX_NAME ? null : FILE_NAME.exec(name);
  const artifact =
    file?.[1] ?? first(TITLE, fields, ['implementation-title']) ?? name.replace(/\.[^.]*$/, '');
  const version =
    file?.[2] ??
    first(WORD, fields, ['implementation-version', 'bundle-version', 'specification-version']);
  if (!isPlainText(artifact) || !isPlainText(version)) return undefined;
  const group = groupOf(artifact, fields);
  return {
    type: 'maven',
    name: group === undefined ? artifact : `${group}:${artifact}`,
    version,
    licenses: licensesOf(fields),
    ...vendorOf(fields),
  };
}

/**
 * Maven writes the group into the manifest; the bundle plugin makes the symbolic name of group and
 * artifact. Any other symbolic name is none: a wrong group would name a package that there is not.
 */
function groupOf(artifact: string, fields: ReadonlyMap<string, string>): string | undefined {
  const stated = first(GROUP, fields, ['implementation-vendor-id']);
  if (stated !== undefined) return stated;
  const symbolic = (fields.get('bundle-symbolicname') ?? '').split(';', 1)[0]?.trim() ?? '';
  if (!GROUP.test(symbolic) || !symbolic.endsWith(`.${artifact}`)) return undefined;
  const before = symbolic.slice(0, -artifact.length - 1);
  // `org.hamcrest` is group and artifact in one.
  return before.includes('.') ? before : symbolic;
}

function first(
  form: RegExp,
  fields: ReadonlyMap<string, string>,
  names: readonly string[],
): string | undefined {
  return names
    .map((name) => fields.get(name))
    .find((value) => value !== undefined && form.test(value));
}
