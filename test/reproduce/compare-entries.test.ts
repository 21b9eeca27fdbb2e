import { describe, expect, test } from 'vitest';
import { walkLayer } from '../../src/image/walk/layer-walk.ts';
import { MEDIA_TYPE, type TarEntry } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import {
  compareEntries,
  type EntryRecord,
  entryRecorder,
} from '../../src/reproduce/compare-entries.ts';
import { entry, tarOf } from '../fakes/tar-bytes.ts';

interface Item {
  readonly fields: Partial<TarEntry>;
  readonly text?: string;
}

async function records(...items: readonly Item[]): Promise<readonly EntryRecord[]> {
  const bytes = tarOf(
    items.map(({ fields, text = '' }) => {
      const content = Buffer.from(text);
      return { entry: entry({ ...fields, size: content.length }), content };
    }),
  );
  const recorder = entryRecorder();
  await walkLayer({
    open: () => [bytes] as unknown as AsyncIterable<Uint8Array>,
    mediaType: MEDIA_TYPE.layer,
    collectors: [recorder],
    expectedDigest: digestOf(bytes),
  });
  return recorder.finish();
}

const file = (name: string, text = '', fields: Partial<TarEntry> = {}): Item => ({
  fields: { name, ...fields },
  text,
});

describe('entryRecorder', () => {
  test('keeps each content by its digest, an empty one too, and none for a folder', async () => {
    const found = await records(
      file('a', 'text'),
      file('empty'),
      { fields: { name: 'd/', type: 'directory', typeflag: '5' } },
      file('b', 'more'),
    );
    expect(found.map(({ path, content }) => [path, content])).toEqual([
      ['a', digestOf('text')],
      ['empty', digestOf('')],
      ['d', undefined],
      ['b', digestOf('more')],
    ]);
  });
});

describe('compareEntries', () => {
  test('finds nothing in equal layers', async () => {
    const items = [file('a', 'x'), file('b', 'y')];
    expect(compareEntries(await records(...items), await records(...items))).toEqual([]);
  });

  test.each<[string, Item, readonly string[]]>([
    ['content', file('a', 'other'), ['content']],
    ['mode', file('a', 'text', { mode: 0o600 }), ['mode']],
    ['owner', file('a', 'text', { uid: 7 }), ['owner']],
    ['owner by name', file('a', 'text', { uname: 'app' }), ['owner']],
    ['time', file('a', 'text', { mtime: 9 }), ['mtime']],
    ['attributes', file('a', 'text', { pax: { 'SCHILY.xattr.user.x': '1' } }), ['attributes']],
    [
      'type and link',
      { fields: { name: 'a', type: 'symlink', typeflag: '2', linkname: 'b' } },
      ['type', 'content', 'link'],
    ],
  ])('tells a difference of %s', async (_, other, kinds) => {
    const found = compareEntries(await records(file('a', 'text')), await records(other));
    expect(found.map((d) => [d.path, d.kinds])).toEqual([['a', kinds]]);
  });

  test('names what only one side has', async () => {
    const found = compareEntries(
      await records(file('a'), file('gone')),
      await records(file('a'), file('new')),
    );
    expect(found.map((d) => [d.path, d.kinds, d.first?.path, d.second?.path])).toEqual([
      ['gone', ['presence'], 'gone', undefined],
      ['new', ['presence'], undefined, 'new'],
    ]);
  });

  test('tells order only where nothing else differs', async () => {
    const found = compareEntries(
      await records(file('a'), file('b'), file('c')),
      await records(file('a'), file('c'), file('b')),
    );
    expect(found.map((d) => [d.path, d.kinds])).toEqual([['b', ['order']]]);
  });

  test('an entry that comes twice is compared by its last, and the surplus is an order', async () => {
    const found = compareEntries(
      await records(file('a', 'old'), file('a', 'new')),
      await records(file('a', 'new')),
    );
    expect(found.map((d) => [d.path, d.kinds])).toEqual([['a', ['order']]]);
  });
});
