import { ownValue } from '../model/lookup.ts';
import { err, ok, type Result } from '../model/result.ts';

/** Annotations by where they are written, as `--annotation` names it. */
export interface LeveledAnnotations {
  readonly index: Readonly<Record<string, string>>;
  readonly indexDescriptor: Readonly<Record<string, string>>;
  readonly manifest: Readonly<Record<string, string>>;
  readonly manifestDescriptor: Readonly<Record<string, string>>;
  /** `manifest[linux/amd64]:key=value`: of one platform only, before the general ones. */
  readonly byPlatform: readonly {
    readonly platform: string;
    readonly level: 'manifest' | 'manifestDescriptor';
    readonly key: string;
    readonly value: string;
  }[];
}

const LEVELS: Readonly<Record<string, Exclude<keyof LeveledAnnotations, 'byPlatform'>>> = {
  index: 'index',
  'index-descriptor': 'indexDescriptor',
  manifest: 'manifest',
  'manifest-descriptor': 'manifestDescriptor',
};

/**
 * Reads `[LEVEL[PLATFORM],...:]KEY=VALUE` as buildx does (util/buildflags/export.go,
 * ParseAnnotations), its error texts included. Without a level, an annotation goes on the manifest
 * as buildx has it, and on the index too, since what is published here is always an index.
 */
export function parseAnnotations(texts: readonly string[]): Result<LeveledAnnotations> {
  const found = {
    index: {} as Record<string, string>,
    indexDescriptor: {} as Record<string, string>,
    manifest: {} as Record<string, string>,
    manifestDescriptor: {} as Record<string, string>,
    byPlatform: [] as LeveledAnnotations['byPlatform'][number][],
  };
  for (const text of texts) {
    if (text === '') continue;
    const equals = text.indexOf('=');
    if (equals < 0) return err(`invalid annotation ${JSON.stringify(text)}, expected key=value`);
    const value = text.slice(equals + 1);
    const name = text.slice(0, equals);
    const colon = name.indexOf(':');
    const key = name.slice(colon + 1);
    for (const target of colon < 0 ? ['manifest', 'index'] : name.slice(0, colon).split(',')) {
      const match = /^([a-z-]+)(?:\[([A-Za-z0-9_/-]+)\])?$/.exec(target);
      if (match === null)
        return err(
          `invalid annotation type ${JSON.stringify(target)}, expected type and optional platform in square brackets`,
        );
      const [, type = '', platform] = match;
      const level = ownValue(LEVELS, type);
      if (level === undefined) return err(`unknown annotation type ${JSON.stringify(type)}`);
      if (platform === undefined) setKey(found[level], key, value);
      else if (level === 'manifest' || level === 'manifestDescriptor')
        found.byPlatform.push({ platform, level, key, value });
    }
  }
  return ok(found);
}

/** Sets a key from outside as an own property, `__proto__` too. */
export function setKey(record: Record<string, string>, key: string, value: string): void {
  Object.defineProperty(record, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
