import { createHash } from 'node:crypto';
import { linesOf } from '../packages/record.ts';
import { KEY_STORES } from './credential-files.ts';
import { isToken, KEY_RULES } from './secret-rules.ts';

/** Rules that find private keys and their stores. */
const PRIVATE_KEYS = new Set([...KEY_RULES, ...KEY_STORES].map(({ id }) => id));

/** What records of packages say of a file: each manager has a hash of its own. */
export type FileSums = Readonly<Record<'md5' | 'sha1' | 'sha256', Buffer>>;

const DPKG = /^var\/lib\/dpkg\/(?:info|status\.d)\/([^/:]+)(?::[^/]*)?\.md5sums$/;
const APK = /^(?:usr\/)?lib\/apk\/db\/installed$/;
/**
 * Where distributions put files. Applications that somebody packs are seldom here: they go to
 * /opt, /srv, /etc, /usr/local.
 */
const PLACE = /^usr\/(?!local\/)|^lib(?:64)?\//;
const MODULE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/@.][^/]*(?=\/)/;
const OF_LANGUAGE = /(?:^|\/)(?:node_modules|site-packages|dist-packages|gems)\//;
const MOST_KEPT = 32 * 1024 * 1024;

/** True where packages lie, and nothing that a project writes itself. */
export function isPlaceOfPackages(path: string): boolean {
  return PLACE.test(path) || OF_LANGUAGE.test(path);
}

/** What to ask the records of packages with; undefined for a file that no package brings. */
export function sumsOf(path: string, content: Uint8Array | undefined): FileSums | undefined {
  if (content === undefined || !isPlaceOfPackages(path)) return undefined;
  const sum = (name: string): Buffer => createHash(name).update(content).digest();
  return { md5: sum('md5'), sha1: sum('sha1'), sha256: sum('sha256') };
}

/**
 * The records of packages in a layer, by which a file that is bit for bit as its package has it
 * is known. Lists over the limit are not kept: their files then count as any other.
 */
export class PackageLists {
  readonly #lists = new Map<string, Buffer>();
  #kept = 0;

  add(path: string, content: Uint8Array): void {
    if (!DPKG.test(path) && !APK.test(path)) return;
    if ((this.#kept += content.length) <= MOST_KEPT) this.#lists.set(path, Buffer.from(content));
  }

  /** The distribution's package that ships the file so, and what this rule finds in it. */
  shippedBy(path: string, { md5, sha1 }: FileSums, rule = ''): string | undefined {
    if (!PLACE.test(path) || isToken(rule)) return undefined;
    const line = `${md5.toString('hex')}  ${path}\n`;
    for (const [at, list] of this.#lists) {
      const [, name] = DPKG.exec(at) ?? [];
      if (name !== undefined && list.includes(line, 0, 'latin1')) return name;
      const isApk = APK.test(at) && !PRIVATE_KEYS.has(rule);
      const owner = isApk ? apkOwner(list, path, sha1.toString('base64')) : undefined;
      if (owner !== undefined) return owner;
    }
    return undefined;
  }
}

/**
 * The npm package whose folder has this file, by its record, and what its archive may show later.
 * A package of one's own has such records too, so they alone prove nothing.
 */
export function inModule(
  path: string,
  { sha256 }: FileSums,
  rule: string,
): { readonly record?: string; readonly sha256?: string } {
  const module = MODULE.exec(path)?.[0];
  if (module === undefined || PRIVATE_KEYS.has(rule)) return {};
  return { sha256: sha256.toString('hex'), record: `${module}/package.json` };
}

/** The package for which apk's database lists this path with this hash (`F:`, `R:`, `Z:Q1…`). */
function apkOwner(database: Buffer, path: string, sha1: string): string | undefined {
  let [owner, folder, file] = ['', '', ''];
  for (const line of linesOf(database.toString('utf8'))) {
    const value = line.slice(2);
    if (line.startsWith('P:')) owner = value;
    else if (line.startsWith('F:')) folder = value;
    else if (line.startsWith('R:')) file = `${folder}/${value}`;
    else if (file === path && line === `Z:Q1${sha1}`) return owner;
  }
  return undefined;
}
