import { entry, tarOf } from '../../fakes/tar-bytes.ts';

type Item = Parameters<typeof tarOf>[0][number];

function file(name: string, content: Uint8Array, typeflag = '0'): Item {
  return { entry: entry({ name, size: content.length, typeflag }), content };
}

function link(name: string, linkname: string, kind: 'symlink' | 'hardlink' = 'symlink'): Item {
  const typeflag = kind === 'symlink' ? '2' : '1';
  return { entry: entry({ name, type: kind, typeflag, linkname }) };
}

function folder(name: string): Item {
  return { entry: entry({ name, type: 'directory', typeflag: '5', mode: 0o755 }) };
}

const hard = (name: string, linkname: string): Item => link(name, linkname, 'hardlink');

/**
 * Ways to give a reader of an archive another document of `name` than one who goes by the names of
 * its entries: `hidden` where a program unpacks it into a folder first, as Docker's classic store
 * does. `clean` is what it seems to be.
 */
export const MEMBER_TRICKS: Readonly<
  Record<string, (name: string, clean: Buffer, hidden: Buffer) => readonly Item[]>
> = {
  'written through a link to the folder': (name, clean, hidden) => [
    file(name, clean),
    link('l', '.'),
    file(`l/${name}`, hidden),
  ],
  'there through a link alone': (name, _, hidden) => [link('l', '.'), file(`l/${name}`, hidden)],
  'through a link that is gone': (name, clean, hidden) => [
    file(name, clean),
    link('l', '.'),
    file(`l/${name}`, hidden),
    folder('l'),
  ],
  'a link over the link of a folder': (name, _, hidden) => [
    folder('e'),
    file('e/other', hidden),
    link('d', 'e'),
    link(name, 'd/other'),
  ],
  'a hard link over the link of a folder': (name, _, hidden) => [
    folder('e'),
    file('e/other', hidden),
    link('d', 'e'),
    hard(name, 'd/other'),
  ],
  'a hard link to what is replaced': (name, clean, hidden) => [
    file('other', hidden),
    hard(name, 'other'),
    file('other', clean),
  ],
  'a hard link to what becomes a link': (name, clean, hidden) => [
    file('clean', clean),
    file('other', hidden),
    hard(name, 'other'),
    link('other', 'clean'),
  ],
  'a hard link to what becomes a folder': (name, _, hidden) => [
    file('other', hidden),
    hard(name, 'other'),
    folder('other'),
  ],
  'a hard link to a link': (name, clean, hidden) => [
    folder('s'),
    file('s/other', clean),
    file('other', hidden),
    link('s/link', 'other'),
    hard(name, 's/link'),
  ],
  'there twice': (name, clean, hidden) => [file(name, clean), file(`./${name}`, hidden)],
  'of the type 7': (name, _, hidden) => [file(name, hidden, '7')],
  'below the root': (name, _, hidden) => [file(`/${name}`, hidden)],
  'a plain link': (name, _, hidden) => [file('other', hidden), link(name, './/other')],
};

/** The files, with `hidden` under the name of one of them by a trick. */
export function archiveWithTrick(
  files: Readonly<Record<string, Buffer>>,
  name: string,
  hidden: Buffer,
  trick: string,
): Buffer {
  const { [name]: clean = Buffer.alloc(0), ...rest } = files;
  const others = Object.entries(rest).map(([path, content]) => file(path, content));
  return tarOf([...others, ...(MEMBER_TRICKS[trick]?.(name, clean, hidden) ?? [])]);
}
