import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { contentAfter, sample } from './sample-layer.ts';

/** SQLite 3.46 with pages of 512 bytes: a table and a row, twice the same; a third one has a checkpoint and a row behind it. Its process was killed. */
const [FIRST, SECOND, STALE] = [
  'H4sIAAAAAAACAzOvZ2ti0H0kwcDAxAACTOVfnV3jCqslDlSJ+nCv/w8UYkQWv1qYr/Y1fsr/4ECfzJJUhbT8otzE' +
    'EgVjoG4mJgYHBQUGiEEQwyAApJ8FjU8IMDHoVRXyghQz3mcAolFAXyDPyCbOz8+oX5KYlJNaUsLkHOTqGOKqEOLo' +
    '5OOqUKJRoQmLZ1i6yJI+FZes4OTEy4AW+6NgpAGUdLGlLWzBjoky2ZC8/JsBiEbByALMjEyM7AAcd59AaAYAAA==',
  'H4sIAAAAAAACAzOvZ2ti0H0kwcDAxAACPXdCplo6XduZJX9//u3zP2uBQozI4hXOdTo5L3cUBwf6ZJakKqTlF+Um' +
    'ligYA3UzMTE4KCgwQAyCGAYBIP0saHxCgIlBr6qQF6SY8T4DEI0C+gJ5RjZxfn5G/ZLEpJzUkhIm5yBXxxBXhRBH' +
    'Jx9XhRKNCk1YPMPSxek/78LyDxxz4GVAi/1RMNIASrrocv3hJMXKpwjJy78ZgGgUjCzAzMjEyA4AjTVKiWgGAAA=',
  'H4sIAAAAAAACAzOvZ2ti0H0kwcDAxAAEjDo+vwRvXD909flRf/uyxH97gGKsIAwTX6G2TeSvr1AcLwNIx0kGhnMg' +
    'YggDZhYmRvYmfWbmltSKUUA0YIAkGCZguhC43mMWnSD6REb5qmgMKF1AktIoGKEAJV3461/jF231CASlC0ZgYQFC' +
    'Qx806TOOlheklheMoJCDpYvEeXsjIrNufQ8O9MksSVVIyy/KTSxRMAYmHiYmBgcFBWg6YkEKdEYsfMJpUa+qEJz2' +
    'GO8zANEooC+QZ2QT5+dn1C9JTMpJLSlhcg5ydQxxVQhxdPJxVSjRqNCE1RawdGEVONv2+OYuJlZwnP0GSbFAqFEw' +
    'cgAzKG8zI6eLvPWN1Z3CDutG65ERX4+A6gAWeLtz9Sfd32dE6odbumAaTRcUtS9mnym+dk5/rTqB9gXraPtiZLUv' +
    'zjjtK3R47MMIingmxm8gKVbG3xDGKBgBgIUJ1r6AjWuB08XbVF2HY8Hy24dbPTI6rkUaAAB+ayHDEBUAAA==',
].map((text) => gunzipSync(Buffer.from(text, 'base64'))) as [Buffer, Buffer, Buffer];
const [PAGE, FRAME] = [512, 536];

const after = (log: Uint8Array, path = 'srv/a.db-wal'): Promise<Buffer> =>
  contentAfter(sample(path, Buffer.from(log)));

test('the same log with other random numbers becomes the same', async () => {
  expect(FIRST.subarray(16, 24)).not.toEqual(SECOND.subarray(16, 24));
  const [one, two] = [await after(FIRST), await after(SECOND)];
  expect(one.equals(two)).toBe(true);
  expect(one).toHaveLength(FIRST.length);
  // It is a log as before: a second time nothing changes.
  expect((await after(one)).equals(one)).toBe(true);
});

test.each([
  ['a whole log', FIRST, 3, 3],
  ['one with frames of an earlier log', STALE, 1, 10],
])('of %s pages stay, and what does not count becomes zero', async (_, log, count, all) => {
  const frames = (bytes: Buffer): Buffer[] =>
    Array.from({ length: (bytes.length - 32) / FRAME }, (__, i) =>
      bytes.subarray(32 + i * FRAME, 32 + (i + 1) * FRAME),
    );
  const [before, rewritten] = [frames(log), frames(await after(log))];
  expect(rewritten).toHaveLength(all);
  rewritten.forEach((frame, i) => {
    if (i >= count) expect(frame.every((byte) => byte === 0)).toBe(true);
    else {
      expect(frame.readBigUInt64BE(8)).toBe(0x1_0000_0001n);
      expect(frame.subarray(FRAME - PAGE)).toEqual(before[i]?.subarray(FRAME - PAGE));
    }
  });
});

test.each([
  ['a header whose checksum is wrong', Buffer.from(FIRST).fill(9, 24, 32)],
  ['a size of pages that is none', Buffer.from(FIRST).fill(3, 8, 12)],
  ['a header that is cut off', FIRST.subarray(0, 31)],
  ['another file of that name', Buffer.from('text that is none')],
])('%s stays', async (_, content) => {
  expect(await after(content)).toEqual(content);
});

test('the same bytes under another name stay', async () => {
  expect(await after(FIRST, 'srv/a.log')).toEqual(FIRST);
});
