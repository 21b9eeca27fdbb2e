import { field, isObject, parseJson } from '../../model/json-value.ts';
import type { RawPackage } from '../layer-facts.ts';
import { isPlainText, type RecordReader, textOf, unreadable } from './record.ts';

/** The prefix under which a self-contained application lists the framework that it contains. */
const RUNTIME_PACK = /^runtimepack\./;

function nugetPackage(key: string, library: unknown): RawPackage | undefined {
  if (!isObject(library)) return undefined;
  const type = typeof library['type'] === 'string' ? library['type'].toLowerCase() : '';
  if (type !== 'package' && type !== 'runtimepack') return undefined;
  const slash = key.lastIndexOf('/');
  const name = key.slice(0, Math.max(0, slash)).replace(RUNTIME_PACK, '');
  const version = key.slice(slash + 1);
  return isPlainText(name) && isPlainText(version)
    ? { type: 'nuget', name, version, licenses: [] }
    : undefined;
}

/**
 * `libraries` of NAME.deps.json: the .NET packages of an application or a framework. Projects in it
 * are the application itself.
 */
export const NUGET: RecordReader = {
  matches: (path) => path.endsWith('.deps.json'),
  cap: 16 * 1024 * 1024,
  read: (content) => {
    const libraries = field(parseJson(textOf(content)), 'libraries');
    if (!isObject(libraries)) return unreadable('it does not contain a list of libraries');
    return {
      packages: Object.entries(libraries).flatMap(
        ([key, library]) => nugetPackage(key, library) ?? [],
      ),
    };
  },
};
