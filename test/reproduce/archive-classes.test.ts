import { expect, test } from 'vitest';
import { classOf } from '../../src/reproduce/causes.ts';

test.each([
  ['srv/live.iso', 'xorriso -as mkisofs uses it'],
  ['srv/root.squashfs', 'mksquashfs uses it'],
  ['srv/root.ext4', 'mke2fs -U UUID -E hash_seed=UUID'],
])('%s: its files may differ themselves, for they are not read', (path, remedy) => {
  const content = { format: 'binary', detail: 'from byte 1072 on' } as const;
  const found = classOf(path, ['content'], content, ['file', 'file']);
  expect(found.id).toBe('archive-times');
  expect(found.cause).toContain('its files may differ themselves, too');
  expect(found.remedy).toContain(remedy);
  expect(found.remedy).toContain('empty /etc/machine-id');
});
