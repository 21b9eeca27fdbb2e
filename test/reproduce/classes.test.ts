import { describe, expect, test } from 'vitest';
import type { ContentDifference, DifferenceKind } from '../../src/model/report.ts';
import { classOf } from '../../src/reproduce/causes.ts';
import { contentDifference } from '../../src/reproduce/content-difference.ts';
import { tableRows } from '../fakes/table.ts';

/** How something differs, as `classOf` takes it. */
function read(more: string): [readonly DifferenceKind[], ContentDifference?] {
  if (more.startsWith('@')) return [more.slice(1).split(',') as DifferenceKind[]];
  const [, format, detail = ''] = /^\[(\w+)\] (.*)$/.exec(more) ?? [];
  if (format !== undefined) return [['content'], { format, detail } as ContentDifference];
  const lines = more.split(' => ').map((line) => Buffer.from(`same\n${line}\n`));
  const [first, second] = lines;
  return first === undefined || second === undefined
    ? [['content']]
    : [['content'], contentDifference('srv/notes', first, second)];
}

describe('classOf', () => {
  test.each(tableRows('test/reproduce/classes.tsv'))('%s: %s %s', (id, path, more = '') => {
    const [kinds, content] = read(more);
    expect(classOf(path, kinds, content).class).toBe(id);
  });

  test('the remedy of a log that no rule empties does not name the rules', () => {
    expect(classOf('var/log/mysql/error.log', ['content'], undefined).remedy).toBe(
      'rm it in the same RUN, or name it in .scoville.yaml (reproducible.drop, empty)',
    );
  });

  test('a hard link against a file is told apart from other types', () => {
    const kinds: DifferenceKind[] = ['type', 'content', 'link'];
    expect(classOf('data/b', kinds, undefined, ['hardlink', 'file']).class).toBe('hard-link');
    expect(classOf('data/b', kinds, undefined, ['symlink', 'file']).class).toBe('unexplained');
  });

  test('a wheel’s times have the remedy of wheels', () => {
    const content: ContentDifference = { format: 'zip', detail: 'zip: time of a.py' };
    expect(classOf('wheels/a.whl', ['content'], content).remedy).toMatch(
      /^ARG SOURCE_DATE_EPOCH in that stage: setuptools/,
    );
    expect(classOf('app.jar', ['content'], content).remedy).toMatch(
      /--repro=aggressive; .*\bmvn -Dproject\.build\.outputTimestamp=\$SOURCE_DATE_EPOCH;/,
    );
    expect(classOf('app.jar', ['content'], content).remedy).toMatch(/zip -X; jar --date$/);
  });
});

test.each([
  ['srv/live.iso', 'xorriso -as mkisofs uses it'],
  ['srv/root.squashfs', 'mksquashfs uses it'],
  ['srv/root.ext4', 'mke2fs -U UUID -E hash_seed=UUID'],
])('%s: its files may differ themselves, for they are not read', (path, remedy) => {
  const content = { format: 'binary', detail: 'from byte 1072 on' } as const;
  const found = classOf(path, ['content'], content, ['file', 'file']);
  expect(found.class).toBe('archive-times');
  expect(found.cause).toContain('its files may differ themselves, too');
  expect(found.remedy).toContain(remedy);
  expect(found.remedy).toContain('empty /etc/machine-id');
});
