import type { Random } from '../random.ts';
import type { CraftedEntry, CraftedLayer, Stack } from './crafted-layer.ts';
import { dressed } from './header-tricks.ts';
import { ALL_PACKINGS } from './pack-layer.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const MODES = [0o644, 0o755, 0o4755, 0o2755, 0o1777, 0o6711, 0o600, 0];
const CAPABILITY = 'SCHILY.xattr.security.capability';
export const NET_RAW = '\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0';
const NET_RAW_V3 = '\x01\0\0\x03\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0';

/** What a layer has so far, to make entries that have to do with each other. */
interface Made {
  readonly files: string[];
  readonly folders: string[];
  readonly links: string[];
}

const KINDS = [
  ...Array<string>(30).fill('file'),
  ...Array<string>(16).fill('folder'),
  ...Array<string>(14).fill('symlink'),
  ...Array<string>(14).fill('hardlink'),
  ...Array<string>(10).fill('whiteout'),
  ...Array<string>(6).fill('opaque'),
  ...Array<string>(4).fill('device'),
  ...Array<string>(1).fill('odd'),
];

/** Makes stacks of one to four layers out of few names, so that entries meet. */
export class StackMaker {
  readonly #random: Random;
  /** Every content has another length, by which it is known again. */
  #contents = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /**
   * `isTaken`: true where we take a layer. Most entries for which it would be refused are left out:
   * what is refused tells little.
   */
  async make(isTaken: (layer: CraftedLayer) => Promise<boolean>): Promise<Stack> {
    this.#contents = 0;
    const random = this.#random;
    const below: string[] = [];
    const stack: CraftedLayer[] = [];
    const count = 1 + random.below(4);
    while (stack.length < count) stack.push(await this.#layer(below, isTaken));
    return stack;
  }

  async #layer(
    below: string[],
    isTaken: (layer: CraftedLayer) => Promise<boolean>,
  ): Promise<CraftedLayer> {
    const random = this.#random;
    const made: Made = { files: [], folders: ['s'], links: [] };
    const entries: CraftedEntry[] = random.chance(70) ? [{ flag: '5', name: 's/' }] : [];
    const count = 1 + random.below(14);
    for (let i = 0; i < count; i++) {
      const plain = this.#entry(made, below);
      const entry = random.chance(25) ? dressed(plain, random) : plain;
      if (random.chance(1) || (await isTaken({ entries: [...entries, entry] })))
        entries.push(entry);
    }
    below.push(...made.files, ...made.folders, ...made.links);
    const layer = { entries };
    if (random.chance(3)) return { ...layer, cut: random.pick([1, 512, 1024, 1500]) };
    if (random.chance(3)) return { ...layer, trailing: 'x'.repeat(random.pick([1, 512, 700])) };
    return random.chance(8) ? { ...layer, packing: random.pick(ALL_PACKINGS) } : layer;
  }

  #entry(made: Made, below: readonly string[]): CraftedEntry {
    const random = this.#random;
    const kind = random.pick(KINDS);
    if (kind === 'whiteout') return this.#whiteout(made, below);
    if (kind === 'opaque') return { flag: '0', name: `${this.#folder(made, below)}/.wh..wh..opq` };
    const name = this.#name(made, below);
    const owned = {
      name: this.#form(name),
      ...(random.chance(50) ? { mode: random.pick(MODES) } : {}),
      ...(random.chance(15)
        ? { uid: random.pick([0, 1000, 65534]), gid: random.pick([0, 1000]) }
        : {}),
      ...(random.chance(12)
        ? { pax: [[CAPABILITY, random.pick([NET_RAW, NET_RAW_V3])] as const] }
        : {}),
    };
    switch (kind) {
      case 'folder':
        made.folders.push(name);
        return { flag: '5', ...owned };
      case 'symlink':
        made.links.push(name);
        return { flag: '2', ...owned, link: this.#target(made, below) };
      case 'hardlink':
        return this.#hardlink(made, name, owned);
      case 'device':
        return { flag: random.pick(['3', '3', '4', '6']), ...owned, ...this.#device() };
      case 'odd':
        return {
          flag: random.pick('7 S Z g V D M N A X x L K \x01'.split(' ')),
          ...owned,
          ...(random.chance(50) ? { content: random.pick(['12 path=s/b\n', 's/b\0', '']) } : {}),
        };
      default:
        made.files.push(name);
        return { flag: random.chance(5) ? '\0' : '0', ...owned, content: this.#content() };
    }
  }

  #hardlink(made: Made, name: string, owned: CraftedEntryOwn): CraftedEntry {
    const random = this.#random;
    const targets = [...made.files, ...(random.chance(25) ? made.links : [])];
    const target = targets.length === 0 || random.chance(4) ? this.#path(2) : random.pick(targets);
    made.files.push(name);
    return { flag: '1', ...owned, link: this.#form(target) };
  }

  #device(): Pick<CraftedEntry, 'major' | 'minor'> {
    const random = this.#random;
    return { major: random.pick([0, 0, 1, 4096, 256]), minor: random.pick([0, 0, 3, 1048576]) };
  }

  #whiteout(made: Made, below: readonly string[]): CraftedEntry {
    const random = this.#random;
    const flag = random.pick(['0', '0', '0', '0', '5', '2', '3', '1', '6']);
    if (random.chance(70) && below.length > 0) {
      const path = random.pick(below);
      const slash = path.lastIndexOf('/');
      return { flag, name: `${path.slice(0, slash + 1)}.wh.${path.slice(slash + 1)}` };
    }
    const odd = random.chance(8)
      ? random.pick(['', '.', '..', '.wh.', '.wh..', '.wh.plnk', '.wh.aufs', '.wh..opq'])
      : random.pick(NAMES);
    return { flag, name: `${this.#folder(made, below)}/.wh.${odd}` };
  }

  #folder(made: Made, below: readonly string[]): string {
    const random = this.#random;
    const known = random.chance(80) ? made.folders : [...made.links, ...below, ...made.files];
    return known.length === 0 || random.chance(10) ? this.#path(1) : random.pick(known);
  }

  #name(made: Made, below: readonly string[]): string {
    const random = this.#random;
    if (random.chance(20) && below.length > 0) return random.pick(below);
    if (random.chance(10) && made.files.length > 0) return random.pick(made.files);
    return `${this.#folder(made, below)}/${random.pick(NAMES)}`;
  }

  #path(least: number): string {
    const random = this.#random;
    const parts = Array.from({ length: least + random.below(2) }, () => random.pick(NAMES));
    return ['s', ...parts].join('/');
  }

  #target(made: Made, below: readonly string[]): string {
    const random = this.#random;
    const known = [...made.folders, ...made.files, ...below];
    const path = random.chance(70) && known.length > 0 ? random.pick(known) : this.#path(1);
    return random.pick([
      `/${path}`,
      `/${path}`,
      path.slice(path.lastIndexOf('/') + 1),
      `../${path}`,
      `../../../${path}`,
      `/${path}/../${random.pick(NAMES)}`,
      `/s/../${path}`,
      random.pick(['.', '..', '/', '/s', '/proc/self/root/s/a', '//s//a/', './a']),
    ]);
  }

  /** Another way to write a path. */
  #form(path: string): string {
    const random = this.#random;
    if (random.chance(80)) return path;
    return random.pick([
      `./${path}`,
      `/${path}`,
      `${path}/`,
      path.replace('/', '//'),
      `s/../${path}`,
      `../${path}`,
      `${path}/.`,
      `${path}/../${path.slice(path.lastIndexOf('/') + 1)}`,
      path.replace('/', '/./'),
    ]);
  }

  #content(): string {
    const random = this.#random;
    this.#contents += 1;
    const head = random.pick(['#!/bin/sh\n', '\x7fELF', 'text']);
    const letter = String.fromCharCode(33 + random.below(90));
    return head.padEnd(20 + this.#contents, letter);
  }
}

type CraftedEntryOwn = Pick<CraftedEntry, 'name' | 'mode' | 'uid' | 'gid' | 'pax'>;
