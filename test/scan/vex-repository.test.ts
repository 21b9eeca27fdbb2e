import { expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { applyVex } from '../../src/scan/vex.ts';
import { builtVex, vexStatements } from '../../src/trust/vex-document.ts';

const DIGEST = digestOf('image');
const image = {
  digests: [DIGEST],
  references: [{ registry: 'registry.example.com', repository: 'shop/app', tag: '2' }],
} as const;
const LEFT = 'pkg:npm/left-pad@1.3.0';
const TAG = 'pkg:docker/registry.example.com/shop/app@1';

const documentOf = (product: string, ...parts: readonly string[]) => ({
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.com/vex',
  timestamp: '2026-01-01T00:00:00Z',
  statements: [
    {
      vulnerability: { name: 'CVE-2026-1' },
      status: 'not_affected',
      justification: 'vulnerable_code_not_present',
      products: [
        {
          '@id': product,
          ...(parts.length === 0 ? {} : { subcomponents: parts.map((id) => ({ '@id': id })) }),
        },
      ],
    },
  ],
});

function applied(value: unknown, ofRepository: boolean, purl = LEFT) {
  const found = {
    id: 'CVE-2026-1',
    severity: 'high',
    package: 'left-pad',
    version: '1',
    purl,
  } as const;
  const scan = { scanner: 's', scannerVersion: '1', vulnerabilities: [found], suppressedByVex: 0 };
  const document = { name: 'vex.json', trusted: true, value, ofRepository };
  return applyVex(scan, [document], image, 0);
}

test.each([
  ['the tag that it was written for', TAG],
  ['its digest', `pkg:oci/app@${digestOf('old')}?repository_url=registry.example.com/shop/app`],
  ['a reference', 'registry.example.com/shop/app:1'],
])('by %s, a file counts for the next image with the same version of the package', (_, product) => {
  const value = documentOf(product, LEFT);
  expect(applied(value, true).suppressedByVex).toBe(1);
  const [made] = vexStatements(
    [{ name: 'vex.json', trusted: true, value, ofRepository: true }],
    { names: ['registry.example.com/shop/app:2'], digests: [DIGEST] },
    { subject: { mediaType: 'x', digest: DIGEST, size: 1 } },
  );
  expect(JSON.stringify(made?.predicate)).toContain(DIGEST.slice('sha256:'.length));
});

test.each([
  ['another version', documentOf(TAG, 'pkg:npm/left-pad@1.2.0')],
  ['no version', documentOf(TAG, 'pkg:npm/left-pad')],
  ['no package', documentOf(TAG)],
  ['another repository', documentOf('pkg:docker/registry.example.com/shop/other@1', LEFT)],
  ['the last part of a name alone', documentOf(`pkg:oci/app@${digestOf('old')}`, LEFT)],
])('%s says nothing of it, and the card is told so', (_, value) => {
  const { suppressedByVex, notices = [] } = applied(value, true);
  expect(suppressedByVex).toBe(0);
  expect(notices.join('\n')).toMatch(/speaks of CVE-2026-1, but not for left-pad 1/);
  expect(notices).toContain('VEX vex.json matches nothing that was found');
});

test('what hangs on an image counts for that image alone', () => {
  expect(applied(documentOf(TAG, LEFT), false).suppressedByVex).toBe(0);
  const named = { reference: image.references[0], digests: [DIGEST] };
  expect(builtVex(documentOf(TAG, LEFT), named, () => false)).toBeUndefined();
});
