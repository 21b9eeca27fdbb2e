import { expect, test } from 'vitest';
import { contentAfter, EPOCH, sample } from './sample-layer.ts';

const DAY = Math.floor(EPOCH / 86_400);

test('days after the epoch become the epoch’s, all else stays', async () => {
  const before = [
    'root:*:19000:0:99999:7:::',
    `app:!:${DAY + 3}:0:99999:7:::`,
    `empty:!:${DAY + 3}::::::`,
    `aged:$y$hash:${DAY + 3}:0:90:7:::`,
    'never::: :',
    `b\xfcro:!:${DAY + 3}:0:99999:7:::`,
    '',
  ];
  const after = before.map((line, i) =>
    i === 3 ? line : line.replace(String(DAY + 3), String(DAY)),
  );
  const text = (lines: readonly string[]) => Buffer.from(lines.join('\n'), 'latin1');
  expect(await contentAfter(sample('etc/shadow', text(before)))).toEqual(text(after));
  expect(await contentAfter(sample('etc/shadow-', text(before)))).toEqual(text(after));
  expect(await contentAfter(sample('srv/etc/shadow', text(before)))).toEqual(text(before));
});
