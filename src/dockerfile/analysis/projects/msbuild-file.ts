import {
  FALSE_ALONE,
  FUNCTIONS,
  IMPORTED,
  ITEMS,
  METADATA,
  PROPERTIES,
  REMEMBERED,
  RUNS_THE_PROJECT,
  SDKS,
} from '../../../programs/msbuild.ts';
import { type XmlElement, xmlRoot } from './xml-elements.ts';

/** What a project file of MSBuild says, where it is data alone. */
export interface MsbuildFile {
  /** Files that it imports, and projects that are built with it; relative to it. */
  readonly imports: readonly string[];
  readonly projects: readonly string[];
}

/** What in a project file may run something, by its name. */
class NotPlain extends Error {}

const CONTAINERS = /^(?:choose|when|otherwise)$/;
const LOGS = /^(?:message|warning|error)$/;
/** Looks for the same file in the folders above, all of which are read. */
const ABOVE = new RegExp(
  String.raw`^\$\(\[MSBuild\]::GetPathOfFileAbove\(['"]?(?:${IMPORTED.join('|')})['"]?,\s*['"]?\$\(MSBuildThisFileDirectory\)\.\.[\\/]?['"]?\)\)$`,
  'i',
);

/** True for a property that nothing is run by, whatever its value. */
export function isPlainProperty(name: string, value: string): boolean {
  const key = name.toLowerCase();
  if (!PROPERTIES.has(key) && !REMEMBERED.test(key)) return false;
  if (!arePlainCalls(value)) return false;
  return !FALSE_ALONE.has(key) || value.trim().toLowerCase() === 'false';
}

function arePlainCalls(value: string): boolean {
  for (let at = value.indexOf('$(['); at >= 0; at = value.indexOf('$([', at + 1))
    if (!FUNCTIONS.test(value.slice(at, at + 120)) && !ABOVE.test(value)) return false;
  // A method of a value: $(X.Substring(1)) gives text, but GetType() gives what has more methods.
  return !/gettype|invoke|createinstance/i.test(value);
}

/** A path in a project file, from the file's folder; undefined where it is not constant. */
function pathOf(text: string): string | undefined {
  const path = text.trim().replaceAll('\\', '/').replace('$(MSBuildThisFileDirectory)', './');
  return /[$@%*?;]/.test(path) || path === '' ? undefined : path;
}

function known(element: XmlElement, names: ReadonlySet<string>): void {
  if (!names.has(element.name)) throw new NotPlain(element.name);
}

function checkAttributes(element: XmlElement, names?: RegExp): void {
  for (const [name, value] of element.attributes) {
    if (names?.test(name) === false) throw new NotPlain(`${element.name} ${name}`);
    if (!arePlainCalls(value)) throw new NotPlain(`${element.name} ${name}`);
  }
}

function checkProperties(group: XmlElement): void {
  checkAttributes(group, /^(?:condition|label)$/);
  for (const one of group.children) {
    checkAttributes(one, /^(?:condition|label)$/);
    if (one.children.length > 0 || !isPlainProperty(one.name, one.text))
      throw new NotPlain(one.name);
  }
}

function checkItems(group: XmlElement, projects: string[]): void {
  checkAttributes(group, /^(?:condition|label)$/);
  for (const item of group.children) {
    const remove = [...item.attributes.keys()].every((name) => /^(?:remove|condition)$/.test(name));
    if (remove && item.children.length === 0) continue;
    known(item, ITEMS);
    checkAttributes(item);
    for (const name of item.attributes.keys())
      if (!METADATA.has(name)) throw new NotPlain(`${item.name} ${name}`);
    for (const one of item.children) {
      known(one, METADATA);
      checkAttributes(one, /^condition$/);
      if (one.children.length > 0 || !arePlainCalls(one.text)) throw new NotPlain(one.name);
    }
    const include = item.attributes.get('include') ?? item.attributes.get('update') ?? '';
    if (/^(?:package|globalpackage|dotnetclitool)/.test(item.name)) {
      if (/[$@%]/.test(include) || RUNS_THE_PROJECT.test(include.trim()))
        throw new NotPlain(`the package ${include.slice(0, 60)}`);
    } else if (item.name === 'projectreference' && item.attributes.has('include')) {
      const path = pathOf(include);
      if (path === undefined) throw new NotPlain('ProjectReference');
      projects.push(path);
    }
  }
}

function checkTarget(target: XmlElement, projects: string[]): void {
  checkAttributes(target);
  for (const one of target.children)
    if (one.name === 'propertygroup') checkProperties(one);
    else if (one.name === 'itemgroup') checkItems(one, projects);
    else if (LOGS.test(one.name)) checkAttributes(one);
    else throw new NotPlain(`a target with ${one.name}`);
}

function checkImport(element: XmlElement, imports: string[]): void {
  checkAttributes(element, /^(?:project|condition|sdk|label)$/);
  const project = element.attributes.get('project') ?? '';
  const sdk = element.attributes.get('sdk');
  if (sdk !== undefined) {
    if (SDKS.has(sdk.toLowerCase()) && /^Sdk\.(?:props|targets)$/.test(project)) return;
    throw new NotPlain(`the SDK ${sdk.slice(0, 60)}`);
  }
  if (ABOVE.test(project.trim())) return;
  const path = pathOf(project);
  if (path === undefined) throw new NotPlain('Import');
  imports.push(path);
}

function checkChildren(
  element: XmlElement,
  found: { readonly imports: string[]; readonly projects: string[] },
): void {
  for (const one of element.children) {
    if (one.name === 'propertygroup') checkProperties(one);
    else if (one.name === 'itemgroup') checkItems(one, found.projects);
    else if (one.name === 'import') checkImport(one, found.imports);
    else if (one.name === 'importgroup') checkChildren(one, found);
    else if (one.name === 'target') checkTarget(one, found.projects);
    else if (CONTAINERS.test(one.name)) {
      checkAttributes(one, /^condition$/);
      checkChildren(one, found);
    } else if (one.name !== 'projectextensions') throw new NotPlain(one.name);
  }
}

/**
 * Reads a project file (`*.csproj`, `*.props`, `*.targets`) as data: every element, property and
 * attribute is one of those by which MSBuild and the .NET SDK run nothing of the project. Gives the
 * name of the first that is not, or that it is not XML that is read.
 */
export function readMsbuildFile(text: string): MsbuildFile | { readonly refused: string } {
  const root = xmlRoot(text);
  if (root?.name !== 'project') return { refused: 'more than plain XML' };
  const found = { imports: [], projects: [] };
  try {
    checkAttributes(root, /^(?:sdk|xmlns|toolsversion|defaulttargets)$/);
    const sdks = (root.attributes.get('sdk') ?? '').toLowerCase().split(';');
    for (const sdk of sdks) if (sdk !== '' && !SDKS.has(sdk)) throw new NotPlain(`the SDK ${sdk}`);
    checkChildren(root, found);
    return found;
  } catch (thrown) {
    if (thrown instanceof NotPlain) return { refused: thrown.message };
    throw thrown;
  }
}
