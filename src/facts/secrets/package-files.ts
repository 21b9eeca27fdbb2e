import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { parentPath } from '../../lib/text.ts';
import { KEY_STORES } from './credential-files.ts';
import { KEY_RULES } from './secret-rules.ts';

const PRIVATE_KEYS = new Set([...KEY_RULES, ...KEY_STORES].map(({ id }) => id));

/** True for a rule that finds private keys and their stores. */
export function isPrivateKey(rule: string): boolean {
  return PRIVATE_KEYS.has(rule);
}

/** What records of packages say of a file: each manager has a hash of its own. */
export interface FileSums {
  /** Hexadecimal. */
  readonly md5: string;
  /** Base64. */
  readonly sha1: string;
  /** Hexadecimal. */
  readonly sha256: string;
}

const DPKG = /^var\/lib\/dpkg\/(?:info|status\.d)\/([^/:]+)(?::[^/]*)?\.md5sums$/;
const APK = /^(?:usr\/)?lib\/apk\/db\/installed$/;
const WHEEL = /\/[^/]+\.dist-info\/RECORD$/;
/**
 * Where distributions put files. Applications that somebody packs are seldom here: they go to
 * /opt, /srv, /etc, /usr/local.
 */
const PLACE = /^usr\/(?!local\/)|^lib(?:64)?\//;
const MODULE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/@.][^/]*(?=\/)/;
const OF_LANGUAGE = /(?:^|\/)(?:node_modules|site-packages|dist-packages|gems)\//;
const MOST_KEPT = 32 * 1024 * 1024;
/** Files with one hash in one database; those of an honest one are some licenses. */
const MOST_TRIES = 100;

/** True where packages lie, and nothing that a project writes itself. */
export function isPlaceOfPackages(path: string): boolean {
  return PLACE.test(path) || OF_LANGUAGE.test(path);
}

/** What to ask the records of packages with; undefined for a file that no package brings. */
export function sumsOf(path: string, content: Uint8Array | undefined): FileSums | undefined {
  if (content === undefined || !isPlaceOfPackages(path)) return undefined;
  const [md5, sha1, sha256] = ['md5', 'sha1', 'sha256'].map((name) =>
    createHash(name).update(content).digest(),
  );
  return {
    md5: md5?.toString('hex') ?? '',
    sha1: sha1?.toString('base64') ?? '',
    sha256: sha256?.toString('hex') ?? '',
  };
}

/**
 * The records of packages in a layer, by which a file that is bit for bit as its package has it
 * is known. Lists over the limit are not kept: their files then count as any other.
 */
export class PackageLists {
  readonly #lists: { readonly path: string; readonly content: Buffer }[] = [];
  #kept = 0;

  add(path: string, content: Uint8Array): void {
    if (![DPKG, APK, WHEEL].some((pattern) => pattern.test(path))) return;
    if ((this.#kept += content.length) <= MOST_KEPT)
      this.#lists.push({ path, content: Buffer.from(content) });
  }

  /** The distribution's package that ships the file so, by its manager's record. */
  shippedBy(
    path: string,
    { md5, sha1 }: FileSums,
  ): { readonly name: string; readonly manager: 'dpkg' | 'apk' } | undefined {
    if (!PLACE.test(path)) return undefined;
    for (const list of this.#lists) {
      const [, name] = DPKG.exec(list.path) ?? [];
      if (name !== undefined && list.content.includes(`${md5}  ${path}\n`, 0, 'latin1'))
        return { name, manager: 'dpkg' };
      const owner = APK.test(list.path) ? apkOwner(list.content, path, sha1) : undefined;
      if (owner !== undefined) return { name: owner, manager: 'apk' };
    }
    return undefined;
  }

  /**
   * The record of the language's package that has this file: a wheel's metadata where its RECORD
   * lists these bytes, or the package.json of a module. A package of one's own has such records
   * too, so they alone prove nothing.
   */
  recordOf(path: string, { sha256 }: FileSums): string | undefined {
    const module = MODULE.exec(path)?.[0];
    if (module !== undefined) return `${module}/package.json`;
    const sum = Buffer.from(sha256, 'hex').toString('base64url');
    const list = this.#lists.find((one) => {
      if (!WHEEL.test(one.path)) return false;
      const from = parentPath(parentPath(one.path));
      return one.content.includes(`\n${posix.relative(from, path)},sha256=${sum},`);
    });
    return list && `${parentPath(list.path)}/METADATA`;
  }
}

/** The package for which apk's database lists this path with this hash (`F:`, `R:`, `Z:Q1…`). */
function apkOwner(database: Buffer, path: string, sha1: string): string | undefined {
  const mark = `\nZ:Q1${sha1}\n`;
  let at = database.indexOf(mark);
  for (let tries = 0; at >= 0 && tries < MOST_TRIES; tries += 1) {
    const stanza = `\n${database.toString('utf8', database.lastIndexOf('\n\n', at) + 1, at)}`;
    const last = (letter: string): string => {
      const from = stanza.lastIndexOf(`\n${letter}:`);
      return from < 0 ? '' : (stanza.slice(from + 3).split('\n', 1)[0] ?? '');
    };
    if (`${last('F')}/${last('R')}` === path) return last('P');
    at = database.indexOf(mark, at + 1);
  }
  return undefined;
}
