import { expect, test } from 'vitest';
import { copyTarget, registryTarget } from '../../src/cli/operands.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';

const digest = digestOf('image');
const root = { mediaType: MEDIA_TYPE.index, digest, size: 5 };
const whole = (...names: readonly string[]) => ({
  root,
  whole: {
    names,
    lists: { referrers: () => Promise.resolve([]), tagged: () => Promise.resolve(undefined) },
    content: {
      has: () => Promise.resolve(false),
      readDocument: () => Promise.reject(new Error('none')),
      openRead: () => {
        throw new Error('none');
      },
    },
  },
});

test.each([
  ['oci-archive:a/b.tar', { kind: 'file', path: 'a/b.tar', directory: false }],
  ['oci:/a/b', { kind: 'file', path: '/a/b', directory: true }],
  ['oci-dir:b', { kind: 'file', path: 'b', directory: true }],
])('%s is a file', (text, target) => {
  expect(copyTarget(text, whole())).toEqual(target);
});

test('a name in a registry has the tag that it says, else the image’s own, else none', () => {
  const tags = (text: string, ...names: readonly string[]) => {
    const target = copyTarget(text, whole(...names));
    return target.kind === 'registry' ? target.tags : undefined;
  };
  expect(tags('h.test/app:2', 'o.test/app:1')).toEqual(['2']);
  expect(tags('h.test/app', 'o.test/app:1', 'o.test/app:latest')).toEqual(['1']);
  expect(tags('h.test/app')).toEqual([]);
  expect(tags(`h.test/app@${digest}`, 'o.test/app:1')).toEqual([]);
});

test('blobs are mounted from a repository of the same registry alone', () => {
  const from = { registry: 'h.test', repository: 'old' };
  expect(copyTarget('docker://h.test/app:1', whole(), from)).toEqual({
    kind: 'registry',
    reference: { registry: 'h.test', repository: 'app', tag: '1' },
    tags: ['1'],
    mountFrom: 'old',
  });
  expect(copyTarget('registry:o.test/app:1', whole(), from)).not.toHaveProperty('mountFrom');
});

test.each([
  ['./app.tar', 'does not say what is written there'],
  ['/app', 'does not say what is written there'],
  ['oci-archive:app.tar:1', 'the path of a target cannot contain a colon'],
  [`h.test/app@${digestOf('other')}`, 'names another digest than the image has'],
  ['h.test/App', 'not a valid repository name'],
])('%s is refused', (text, message) => {
  expect(() => copyTarget(text, whole())).toThrow(message);
});

test('a name may repeat the digest', () => {
  expect(registryTarget(`h.test/app:1@${digest}`, digest)).toEqual({
    reference: { registry: 'h.test', repository: 'app', tag: '1', digest },
    tags: ['1'],
  });
});
