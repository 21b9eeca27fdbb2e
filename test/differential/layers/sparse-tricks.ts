import type { Random } from '../random.ts';
import type { CraftedEntry } from './crafted-layer.ts';

export type Trick = (entry: CraftedEntry, random: Random) => CraftedEntry;

/** The entry with more records before it. */
export function paxOf(entry: CraftedEntry, ...more: (readonly [string, string])[]): CraftedEntry {
  return { ...entry, pax: [...(entry.pax ?? []), ...more] };
}

/** Contents keep their own lengths: what is stored differs from what the file has. */
function sparse(
  entry: CraftedEntry,
  random: Random,
  records: readonly (readonly [string, string])[],
  map: string,
): CraftedEntry {
  const content = entry.content ?? '';
  if (entry.flag !== '0' || content.length < 4) return entry;
  const hole = 5000 + content.length + 64 * random.below(9);
  const fill = (text: string): string =>
    text
      .replaceAll('SIZE', String(hole + content.length))
      .replaceAll('AT', String(hole))
      .replaceAll('LENGTH', String(content.length));
  const filled = records.map(([key, value]) => [key, fill(value)] as const);
  const head = fill(map);
  const stored = head === '' ? content : head.padEnd(512, '\0') + content;
  return paxOf({ ...entry, content: stored }, ...filled);
}

const SPARSE_01 = [
  ['GNU.sparse.size', 'SIZE'],
  ['GNU.sparse.numblocks', '1'],
  ['GNU.sparse.map', 'AT,LENGTH'],
] as const;
const SPARSE_00 = [
  ['GNU.sparse.size', 'SIZE'],
  ['GNU.sparse.numblocks', '1'],
  ['GNU.sparse.offset', 'AT'],
  ['GNU.sparse.numbytes', 'LENGTH'],
] as const;
const SPARSE_10 = [
  ['GNU.sparse.major', '1'],
  ['GNU.sparse.minor', '0'],
  ['GNU.sparse.realsize', 'SIZE'],
] as const;
const MAP_10 = '1\nAT\nLENGTH\n';

/** Ways to make a file sparse, or to say so of what is not. */
export const SPARSE_TRICKS: readonly Trick[] = [
  (e, r) => sparse(e, r, SPARSE_01, ''),
  (e, r) => sparse(e, r, [...SPARSE_01, ['GNU.sparse.name', r.pick(['s/b', 's/c', ''])]], ''),
  (e, r) => sparse(e, r, SPARSE_00, ''),
  (e, r) => sparse(e, r, [...SPARSE_10, ['GNU.sparse.name', r.pick(['s/b', 's/c', ''])]], MAP_10),
  (e, r) =>
    sparse(
      e,
      r,
      [
        ['GNU.sparse.major', r.pick(['0', '1', '2'])],
        ['GNU.sparse.minor', r.pick(['0', '1', ''])],
        ['GNU.sparse.realsize', 'SIZE'],
        ...(r.chance(50) ? SPARSE_01.slice(1) : []),
      ],
      r.pick(['', MAP_10]),
    ),
  (e, r) =>
    sparse(
      e,
      r,
      [...SPARSE_10, ['GNU.sparse.size', r.pick(['SIZE', '', '3', '+9', '-1', 'x'])]],
      MAP_10,
    ),
  (e, r) =>
    sparse(
      e,
      r,
      [...SPARSE_10],
      r.pick([
        '0\n',
        '1\nAT\nLENGTH',
        '2\nAT\nLENGTH\n1\n1\n',
        '+1\nAT\nLENGTH\n',
        '1\nAT\n99999\n',
        '',
        'x\n',
        '2\n0\n0\nAT\nLENGTH\n',
        '2\nAT\nLENGTH\nSIZE\n0\n',
      ]),
    ),
  (e) => paxOf(e, ['GNU.sparse.name', 's/b']),
  (e, r) =>
    paxOf(e, [
      r.pick([
        'GNU.sparse.size',
        'GNU.sparse.realsize',
        'GNU.sparse.major',
        'GNU.sparse.map',
        'GNU.sparse.numbytes',
        'GNU.sparse.offset',
        'GNU.sparse.numblocks',
      ]),
      r.pick(['', '0', '5', '1', '1,2']),
    ]),
];
