import { expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { builtVex, isBuiltVex } from '../../src/trust/vex-document.ts';

const DIGEST = digestOf('index');
const PLATFORM = digestOf('platform');
const IMAGE = {
  reference: { registry: 'registry.example.com', repository: 'shop', tag: '1' },
  digests: [DIGEST, PLATFORM],
};
const MINE = 'pkg:docker/registry.example.com/shop@1';
const means = (name: string): boolean => name === MINE;
const statement = (vulnerability: string, ...products: readonly unknown[]) => ({
  vulnerability: { name: vulnerability },
  status: 'not_affected',
  justification: 'vulnerable_code_not_present',
  products,
});
const document = (...statements: readonly unknown[]) => ({
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.com/vex/1',
  author: 'The shop team',
  statements,
});

test('statements that mean the image get its digests, with the packages that they are about', () => {
  const subcomponents = [{ '@id': 'pkg:npm/left-pad' }];
  const made = builtVex(
    document(
      statement('CVE-1', { '@id': MINE, subcomponents }, { '@id': 'pkg:docker/other@1' }),
      statement('CVE-2', { '@id': 'pkg:docker/other@1' }),
    ),
    IMAGE,
    means,
  );
  expect(made).toMatchObject({
    '@id': `https://example.com/vex/1#${DIGEST}`,
    author: 'The shop team',
    statements: [
      {
        vulnerability: { name: 'CVE-1' },
        products: [
          { '@id': MINE, subcomponents },
          { '@id': `pkg:oci/shop@${DIGEST.replace(':', '%3A')}`, subcomponents },
          { '@id': `pkg:oci/shop@${PLATFORM.replace(':', '%3A')}`, subcomponents },
        ],
      },
    ],
  });
  expect(made?.['statements']).toHaveLength(1);
  expect(isBuiltVex(made, DIGEST)).toBe(true);
  expect(isBuiltVex(made, PLATFORM)).toBe(false);
  expect(isBuiltVex(document(), DIGEST)).toBe(false);
});

test.each([
  ['no statement about it', document(statement('CVE-1', { '@id': 'pkg:docker/other@1' }))],
  ['CycloneDX', { bomFormat: 'CycloneDX', vulnerabilities: [] }],
  ['products that are no list', document({ products: 'x' })],
  ['nothing', null],
  ['text', 'x'],
])('%s is not attached', (_, given) => {
  expect(builtVex(given, IMAGE, means)).toBeUndefined();
});
