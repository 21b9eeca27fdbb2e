import { describe, expect, test } from 'vitest';
import { digestOf, parseReference } from '../../src/model/reference.ts';
import { applyVex } from '../../src/scan/vex.ts';
import { readAttachable } from '../../src/trust/statement-kinds.ts';
import {
  claimFlaw,
  openVexDocument,
  type VexClaim,
  vexProducts,
} from '../../src/trust/vex-document.ts';
import { ASKS, isHit, type Pulled } from './vex-scanner-rules.ts';

const INDEX = digestOf('index');
const AMD64 = digestOf('amd64');
const HEAD = { author: 'The shop team', at: 1_790_000_000 };
const CLAIM: VexClaim = {
  vulnerability: ['CVE-2025-9'],
  packages: [],
  status: 'not_affected',
  justification: 'vulnerable_code_not_in_execute_path',
};

function reference(text: string) {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function documentOf(name: string, packages: readonly string[] = []) {
  const aliased: VexClaim = { ...CLAIM, vulnerability: ['CVE-2026-1234', 'GHSA-aaaa-bbbb-cccc'] };
  const claims = [aliased, CLAIM].map((claim) => ({ ...claim, packages }));
  return openVexDocument(HEAD, claims, {
    reference: reference(name),
    digests: [INDEX, AMD64, AMD64],
  });
}

const IMAGES: readonly (readonly [string, Omit<Pulled, 'digest' | 'arch'>])[] = [
  [
    'registry.example.com/shop/app:1.0',
    {
      repository: 'registry.example.com/shop/app',
      familiar: 'registry.example.com/shop/app:1.0',
    },
  ],
  ['shop/app:1.0', { repository: 'index.docker.io/shop/app', familiar: 'shop/app:1.0' }],
  ['alpine:3.22', { repository: 'index.docker.io/library/alpine', familiar: 'alpine:3.22' }],
  ['localhost:5000/app:1', { repository: 'localhost:5000/app', familiar: 'localhost:5000/app:1' }],
];

describe('by the rules of scanners', () => {
  const cases = IMAGES.flatMap(([name, image]) =>
    Object.entries(ASKS).flatMap(([scanner, asks]) =>
      [INDEX, AMD64].map((digest) => ({ name, scanner, asks, image: { ...image, digest } })),
    ),
  );
  const LEFT = 'pkg:npm/left-pad@1.3.0';

  test.each(cases)('$scanner takes it for $name, $image.digest', ({ name, asks, image }) => {
    const pulled = { ...image, arch: 'amd64' };
    const hit = (packages: readonly string[], id: string) =>
      isHit(documentOf(name, packages).statements, asks, pulled, id, LEFT);
    expect(hit([], 'CVE-2026-1234')).toBe(true);
    expect(hit([], 'GHSA-aaaa-bbbb-cccc')).toBe(true);
    expect(hit([], 'CVE-2025-9')).toBe(true);
    expect(hit([], 'CVE-2025-10')).toBe(false);
    expect(hit(['pkg:npm/left-pad'], 'CVE-2025-9')).toBe(true);
    expect(hit(['pkg:npm/right-pad', LEFT], 'CVE-2025-9')).toBe(true);
    expect(hit(['pkg:npm/left-pad@1.2.0'], 'CVE-2025-9')).toBe(false);
  });

  test.each(['trivy', 'grype', 'grype, of a copy with another name'])(
    '%s does not take it for another image',
    (scanner) => {
      const [[name, image] = ['', undefined]] = IMAGES;
      const other = { repository: '', familiar: '', ...image, digest: digestOf('o'), arch: 'a' };
      const { statements } = documentOf(name);
      expect(isHit(statements, ASKS[scanner] ?? (() => []), other, 'CVE-2025-9', LEFT)).toBe(false);
    },
  );

  test.each(IMAGES)('our own reader takes it for %s', (name) => {
    const found = {
      id: 'CVE-2025-9',
      severity: 'high' as const,
      package: 'left-pad',
      version: '1.3.0',
      purl: LEFT,
    };
    const scan = {
      scanner: 's',
      scannerVersion: '1',
      vulnerabilities: [found],
      suppressedByVex: 0,
    };
    const apply = (value: unknown, digest: typeof INDEX, references = [reference(name)]) =>
      applyVex(scan, [{ name: 'v', trusted: true, value }], { digests: [digest], references }, 0)
        .suppressedByVex;
    const whole = documentOf(name, [LEFT]);
    expect(apply(whole, AMD64, [])).toBe(1);
    expect(apply(whole, digestOf('o'), [])).toBe(0);
    // A later image of the same tag: the file in `vex` of the settings counts for it, too.
    expect(apply(whole, digestOf('o'))).toBe(1);
    const [first] = whole.statements;
    const byTag = { ...whole, statements: [{ ...first, products: first?.products.slice(-1) }] };
    expect(apply({ ...byTag }, AMD64, [{ ...reference(name), tag: 'other' }])).toBe(0);
  });
});

describe('the document', () => {
  test('whole', () => {
    const { statements, ...head } = documentOf('registry.example.com/shop/app:1.0');
    expect(head).toEqual({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': expect.stringMatching(
        /^https:\/\/openvex\.dev\/docs\/public\/vex-[0-9a-f]{64}$/,
      ) as string,
      author: 'The shop team',
      timestamp: '2026-09-21T14:13:20Z',
      version: 1,
    });
    const byDigest = [INDEX, AMD64].map((digest) => ({
      '@id': `pkg:oci/app@${digest.replace(':', '%3A')}`,
      hashes: { 'sha-256': digest.slice(7) },
    }));
    const products = [...byDigest, { '@id': 'pkg:docker/registry.example.com/shop/app@1.0' }];
    const said = {
      products,
      status: 'not_affected',
      justification: 'vulnerable_code_not_in_execute_path',
    };
    expect(statements).toEqual([
      { vulnerability: { name: 'CVE-2025-9' }, ...said },
      {
        vulnerability: { name: 'CVE-2026-1234', aliases: ['GHSA-aaaa-bbbb-cccc'] },
        ...said,
      },
    ]);
    const bytes = Buffer.from(JSON.stringify({ ...head, statements }));
    expect(readAttachable('openvex', bytes)).toMatchObject({ ok: true });
  });

  test('the id is the same for the same statements', () => {
    const image = { reference: reference('app'), digests: [INDEX] };
    const document = openVexDocument(HEAD, [CLAIM], image);
    const ids = new Set([
      document['@id'],
      openVexDocument({ ...HEAD }, [{ ...CLAIM }], image)['@id'],
      openVexDocument({ ...HEAD, at: 1 }, [CLAIM], image)['@id'],
      openVexDocument(HEAD, [{ ...CLAIM, packages: ['pkg:npm/a'] }], image)['@id'],
    ]);
    expect(ids.size).toBe(3);
  });

  test('a name without a tag, by digest alone', () => {
    expect(vexProducts({ reference: reference(`app@${INDEX}`), digests: [INDEX] }, [])).toEqual([
      { '@id': `pkg:oci/app@sha256%3A${INDEX.slice(7)}`, hashes: { 'sha-256': INDEX.slice(7) } },
    ]);
  });

  test.each([
    [
      'not_affected',
      { reason: 'R', until: '2027-03-31' },
      { impact_statement: 'R', status_notes: 'Valid until 2027-03-31.' },
    ],
    ['affected', { reason: 'R' }, { action_statement: 'R' }],
    ['fixed', { reason: 'R', until: '2027-03-31' }, { status_notes: 'R Valid until 2027-03-31.' }],
    ['under_investigation', { reason: 'R' }, { status_notes: 'R' }],
    ['fixed', {}, {}],
  ] as const)('%s %j', (status, more, fields) => {
    const claim = { vulnerability: ['CVE-1'] as const, packages: [], status, ...more };
    expect(claimFlaw(claim)).toBeUndefined();
    const image = { reference: reference(`a@${INDEX}`), digests: [] };
    const [statement] = openVexDocument(HEAD, [claim], image).statements;
    expect(statement).toEqual({
      vulnerability: { name: 'CVE-1' },
      products: [],
      status,
      ...fields,
    });
  });

  test.each([
    ['not_affected', {}, 'not_affected needs --justification or --reason'],
    ['affected', {}, 'affected needs --reason'],
    ['fixed', { justification: 'component_not_present' }, '--justification does not go with fixed'],
    [
      'under_investigation',
      { until: '2027-01-01' },
      '--until does not go with under_investigation',
    ],
    ['affected', { reason: 'r', until: '2027-01-01' }, '--until does not go with affected'],
  ] as const)('%s %j is refused', (status, more, flaw) => {
    const claim = { vulnerability: ['CVE-1'] as const, packages: [], status, ...more };
    expect(claimFlaw(claim)).toContain(flaw);
  });
});
