import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { VulnerabilitiesFact, Vulnerability } from '../../src/model/facts.ts';
import { digestHex, digestOf } from '../../src/model/reference.ts';
import { readVex, type VexDocument } from '../../src/scan/vex-documents.ts';
import { applyVex, type VexImage, vexOfAttestations } from '../../src/scan/vex.ts';
import { controlTexts } from '../control-texts.ts';

const NOW = Date.parse('2026-06-30T23:59:59Z');
const DIGEST = digestOf('image');
const OTHER = digestOf('other');
const PRODUCTS = parse(
  readFileSync('test/scan/vex-products.yaml', 'utf8')
    .replaceAll('@HEX', digestHex(DIGEST))
    .replaceAll('@OTHER', digestHex(OTHER)),
) as Readonly<Record<'about' | 'not', Readonly<Record<string, object>>>>;
const image: VexImage = {
  digests: [DIGEST, digestOf('manifest')],
  references: [{ registry: 'registry.example.com', repository: 'shop/app', tag: '1.0' }],
};
const LEFT = 'pkg:npm/left-pad@1.3.0';
const ZLIB = 'pkg:deb/debian/zlib1g@1:1.3?arch=amd64&distro=debian-13';

function vulnerability(purl: string, id = 'CVE-2025-1000', aliases = ['GHSA-aaaa']): Vulnerability {
  return { id, severity: 'high', package: 'x', version: '1', purl, aliases };
}

function scanOf(...vulnerabilities: readonly Vulnerability[]): VulnerabilitiesFact {
  return { scanner: 's', scannerVersion: '1', vulnerabilities, suppressedByVex: 0 };
}

function openvex(...statements: readonly object[]): VexDocument {
  return given({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    timestamp: '2026-01-01T00:00:00Z',
    statements,
  });
}

function given(value: unknown, more: Partial<VexDocument> = {}): VexDocument {
  return { name: 'vex.json', trusted: true, value, ...more };
}

const NOT_AFFECTED = {
  vulnerability: { name: 'CVE-2025-1000' },
  status: 'not_affected',
  justification: 'vulnerable_code_not_present',
};

/** What is left, and what was set aside and why. */
function applied(documents: readonly VexDocument[], ...found: readonly Vulnerability[]) {
  const after = applyVex(
    scanOf(...(found.length === 0 ? [vulnerability(LEFT)] : found)),
    documents,
    image,
    NOW,
  );
  expect(after.suppressedByVex).toBe(after.suppressed?.length ?? 0);
  return {
    left: after.vulnerabilities.map(({ purl }) => purl),
    aside: (after.suppressed ?? []).map(({ status, justification, source }) =>
      [status, justification, source].join(' '),
    ),
    notices: after.notices ?? [],
  };
}

const SET_ASIDE = {
  left: [],
  aside: ['not_affected vulnerable_code_not_present vex.json'],
  notices: [],
};
const UNTOUCHED = {
  left: [LEFT],
  aside: [],
  notices: ['VEX vex.json matches nothing that was found'],
};

describe('what a statement is about', () => {
  test.each(Object.entries(PRODUCTS.about))('%s', (_, product) => {
    expect(applied([openvex({ ...NOT_AFFECTED, products: [product] })])).toEqual(SET_ASIDE);
  });

  test.each(Object.entries(PRODUCTS.not))('not %s', (_, product) => {
    expect(applied([openvex({ ...NOT_AFFECTED, products: [product] })])).toEqual(UNTOUCHED);
  });

  test('qualifiers count where the statement gives them', () => {
    const about = (id: string) =>
      applied([openvex({ ...NOT_AFFECTED, products: [{ '@id': id }] })], vulnerability(ZLIB)).left;
    expect(about('pkg:deb/debian/zlib1g@1%3A1.3')).toEqual([]);
    expect(about('pkg:deb/debian/zlib1g?arch=amd64')).toEqual([]);
    expect(about('pkg:deb/debian/zlib1g?arch=arm64')).toEqual([ZLIB]);
    expect(about('pkg:deb/ubuntu/zlib1g')).toEqual([ZLIB]);
  });

  test('a finding without a package URL is set aside by the image alone', () => {
    const bare: Vulnerability = {
      id: 'CVE-2025-1000',
      severity: 'low',
      package: 'x',
      version: '1',
    };
    expect(
      applied([openvex({ ...NOT_AFFECTED, products: [{ '@id': LEFT }] })], bare).left,
    ).toHaveLength(1);
    expect(
      applied([openvex({ ...NOT_AFFECTED, products: [{ '@id': 'pkg:oci/app' }] })], bare).left,
    ).toHaveLength(0);
  });

  test.each([
    { name: 'CVE-2025-9999', aliases: ['ghsa-AAAA'] },
    { name: 'GHSA-aaaa' },
    { '@id': 'https://nvd.nist.gov/vuln/detail/CVE-2025-1000' },
    'CVE-2025-1000',
  ])('the vulnerability by any of its names: %j', (name) => {
    expect(
      applied([openvex({ ...NOT_AFFECTED, vulnerability: name, products: [{ '@id': LEFT }] })]),
    ).toEqual(SET_ASIDE);
  });

  test('the first version of OpenVEX, which spells all as text', () => {
    const old = {
      vulnerability: 'CVE-2025-1000',
      products: ['pkg:oci/app'],
      subcomponents: [LEFT],
      status: 'not_affected',
      impact_statement: 'never called',
    };
    expect(applied([openvex(old)]).aside).toEqual(['not_affected never called vex.json']);
  });
});

describe('what a statement does', () => {
  const products = [{ '@id': LEFT }];
  const about = { vulnerability: { name: 'CVE-2025-1000' }, products };

  test('fixed sets aside, affected and under_investigation do not', () => {
    expect(applied([openvex({ ...about, status: 'fixed' })]).aside).toEqual(['fixed  vex.json']);
    for (const status of ['affected', 'under_investigation'])
      expect(applied([openvex({ ...about, status })])).toEqual({
        left: [LEFT],
        aside: [],
        notices: [],
      });
  });

  test('the latest decides, of whichever document', () => {
    const early = { ...NOT_AFFECTED, products, timestamp: '2026-02-01T00:00:00Z' };
    const late = { ...about, status: 'affected', timestamp: '2026-03-01T00:00:00Z' };
    expect(applied([openvex(late), openvex(early)]).left).toEqual([LEFT]);
    expect(
      applied([openvex({ ...late, timestamp: '2026-01-15T00:00:00Z' }), openvex(early)]).left,
    ).toEqual([]);
    // Of the same time the one that stands last.
    expect(
      applied([openvex({ ...NOT_AFFECTED, products }, { ...about, status: 'affected' })]).left,
    ).toEqual([LEFT]);
  });

  test.each([
    [{ ...about, status: 'not_affected' }, 'statement 1 says not_affected and not why'],
    [{ ...about, status: 'harmless' }, 'statement 1 has no status of OpenVEX'],
    [{ ...NOT_AFFECTED, products: [] }, 'statement 1 does not name a product'],
    [{ ...NOT_AFFECTED, vulnerability: {}, products }, 'statement 1 does not name a vulnerability'],
  ])('an incomplete one does nothing and is told of', (statement, problem) => {
    expect(applied([openvex(statement)])).toMatchObject({
      left: [LEFT],
      notices: [`VEX vex.json: ${problem}`],
    });
  });

  test('a document of neither kind is told of', () => {
    for (const value of [null, [], {}, 'x', { bomFormat: 'CycloneDX' }])
      expect(applied([given(value)]).notices).toEqual([
        'VEX vex.json: it is neither OpenVEX nor CycloneDX with vulnerabilities',
      ]);
  });

  test('one that is not verified sets nothing aside, and it is told what it would', () => {
    const document = { ...openvex({ ...NOT_AFFECTED, products }), trusted: false };
    expect(applied([document])).toEqual({
      left: [LEFT],
      aside: [],
      notices: ['VEX vex.json is not verified: 1 it would set aside are counted'],
    });
    // Nor does it take back what a trusted one says.
    const back = {
      ...openvex({ ...about, status: 'affected', timestamp: '2027-01-01T00:00:00Z' }),
      trusted: false,
    };
    expect(applied([openvex({ ...NOT_AFFECTED, products }), back]).left).toEqual([]);
  });
});

describe('CycloneDX', () => {
  const vex = (vulnerabilities: readonly object[], more: object = {}) =>
    given({ bomFormat: 'CycloneDX', specVersion: '1.6', vulnerabilities, ...more });
  const analysed = (state: string, ref: string) => ({
    id: 'CVE-2025-1000',
    analysis: { state, justification: 'code_not_reachable', detail: 'never called' },
    affects: [{ ref }],
  });

  test.each([
    ['not_affected', 'not_affected'],
    ['false_positive', 'false_positive'],
    ['resolved', 'fixed'],
    ['resolved_with_pedigree', 'fixed'],
  ])('%s sets aside', (state, status) => {
    expect(applied([vex([analysed(state, LEFT)])]).aside).toEqual([
      `${status} code_not_reachable vex.json`,
    ]);
  });

  test.each(['exploitable', 'in_triage'])('%s does not', (state) => {
    expect(applied([vex([analysed(state, LEFT)])]).left).toEqual([LEFT]);
  });

  test('refs lead to components of the document, directly or by BOM-Link', () => {
    const components = [{ 'bom-ref': 'c 1', type: 'library', name: 'left-pad', purl: LEFT }];
    expect(applied([vex([analysed('not_affected', 'c 1')], { components })]).left).toEqual([]);
    const link = 'urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#c%201';
    expect(applied([vex([analysed('not_affected', link)], { components })]).left).toEqual([]);
    expect(applied([vex([analysed('not_affected', 'elsewhere')], { components })]).left).toEqual([
      LEFT,
    ]);
  });

  const about = (digest: string) => ({
    metadata: {
      component: {
        type: 'container',
        'bom-ref': 'app',
        name: 'app',
        purl: `pkg:oci/app@${digest}`,
      },
    },
  });

  test('one that is about an image holds for that image only', () => {
    expect(applied([vex([analysed('not_affected', LEFT)], about(DIGEST))]).left).toEqual([]);
    expect(applied([vex([analysed('not_affected', LEFT)], about(OTHER))]).left).toEqual([LEFT]);
    expect(applied([vex([analysed('not_affected', 'app')], about(DIGEST))]).left).toEqual([]);
    expect(applied([vex([analysed('not_affected', 'app')], about(OTHER))]).left).toEqual([LEFT]);
  });

  test('other names are in its references; a finding without an analysis is no statement', () => {
    const referenced = {
      ...analysed('not_affected', LEFT),
      id: 'X-1',
      references: [{ id: 'GHSA-AAAA' }],
    };
    expect(applied([vex([referenced])]).left).toEqual([]);
    expect(applied([vex([{ id: 'CVE-2025-1000', affects: [{ ref: LEFT }] }])])).toEqual({
      left: [LEFT],
      aside: [],
      notices: [],
    });
  });

  test('incomplete ones are told of', () => {
    const notices = applied([
      vex([
        { ...analysed('not_affected', LEFT), affects: [] },
        analysed('fine', LEFT),
        { ...analysed('resolved', LEFT), id: '' },
      ]),
    ]).notices;
    expect(notices).toEqual([
      'VEX vex.json: vulnerability 1 names nothing that it affects',
      'VEX vex.json: vulnerability 2 has no state of CycloneDX',
      'VEX vex.json: vulnerability 3 does not name a vulnerability',
    ]);
  });
});

describe('attestations', () => {
  const predicate = openvex(NOT_AFFECTED).value;
  const found = {
    predicateType: 'https://openvex.dev/ns/v0.2.0',
    predicate,
    subjects: [DIGEST],
    source: 'bundle-referrer',
    verification: 'verified',
    digest: digestOf('bundle'),
  } as const;

  test('a verified one holds for the image that it is on, which its statements need not name', () => {
    const documents = vexOfAttestations([found], image);
    expect(applied(documents).aside).toEqual([
      `not_affected vulnerable_code_not_present attestation ${digestOf('bundle')}`,
    ]);
  });

  test.each(['unverified', 'failed'] as const)('one that is %s does not', (verification) => {
    const documents = vexOfAttestations([{ ...found, verification }], image);
    expect(applied(documents)).toMatchObject({
      left: [LEFT],
      notices: [expect.stringContaining('is not verified') as string],
    });
  });

  test('those about another image, and other statements, are none', () => {
    const sbom = {
      ...found,
      predicateType: 'https://cyclonedx.org/bom',
      predicate: { bomFormat: 'CycloneDX' },
    };
    const vex = { ...sbom, predicate: { bomFormat: 'CycloneDX', vulnerabilities: [] } };
    const others = [
      { ...found, subjects: [OTHER] },
      { ...found, predicateType: 'https://slsa.dev/provenance/v1' },
      sbom,
    ];
    expect(vexOfAttestations(others, image)).toEqual([]);
    expect(vexOfAttestations([vex], image)).toHaveLength(1);
  });
});

describe('until a day', () => {
  const until = (notes: string, more: object = {}) =>
    openvex({
      ...NOT_AFFECTED,
      products: [{ '@id': LEFT }],
      status_notes: notes,
      ...more,
    });

  test('it counts to the end of that day', () => {
    expect(applied([until('Asked the team. Valid until 2026-06-30.')])).toEqual(SET_ASIDE);
    expect(applied([until('seen in valid untilled fields')])).toEqual(SET_ASIDE);
  });

  test.each([
    ['the day before', 'Valid until 2026-06-29.', '2026-06-29'],
    ['the earliest of two days', 'Valid until 2026-06-01. Valid until 2026-12-01.', '2026-06-01'],
    ['no such day', 'valid until 2026-06-31', '2026-06-31'],
    ['behind much text', `${'x'.repeat(5000)} Valid until 2026-01-01.`, '2026-01-01'],
  ])('not after it: %s', (_, notes, day) => {
    expect(applied([until(notes)])).toEqual({
      left: [LEFT],
      aside: [],
      notices: [`VEX vex.json: CVE-2025-1000 counts again, since it was valid until ${day}`],
    });
  });

  test('one that is over does not give way to an older one', () => {
    const older = until('', { timestamp: '2025-01-01T00:00:00Z' });
    expect(applied([older, until('Valid until 2026-02-01.')]).left).toEqual([LEFT]);
    expect(applied([until('Valid until 2026-02-01.'), older]).left).toEqual([LEFT]);
  });
});

test('whatever a document holds, every vulnerability is left or set aside', () => {
  const text = fc.oneof(
    fc.constantFrom('CVE-2025-1000', LEFT, 'pkg:oci/app', 'pkg:', 'not_affected', 'x'),
    fc.string(),
  );
  const statement = fc.record(
    {
      vulnerability: fc.oneof(text, fc.record({ name: text }), fc.jsonValue()),
      products: fc.oneof(
        fc.array(fc.record({ '@id': text, subcomponents: fc.jsonValue() })),
        fc.jsonValue(),
      ),
      status: text,
      justification: text,
      timestamp: text,
    },
    { requiredKeys: [] },
  );
  const documents = fc.oneof(
    fc.array(statement).map((statements) => openvex(...statements)),
    fc
      .array(fc.record({ id: text, analysis: fc.jsonValue(), affects: fc.jsonValue() }))
      .map((vulnerabilities) => given({ bomFormat: 'CycloneDX', vulnerabilities, metadata: {} })),
    fc.jsonValue().map((value) => given(value)),
  );
  fc.assert(
    fc.property(documents, (document) => {
      const all = [vulnerability(LEFT), vulnerability(ZLIB)];
      const after = applyVex(scanOf(...all), [document], image, NOW);
      expect(after.vulnerabilities.length + after.suppressedByVex).toBe(2);
      expect(
        readVex({ ...document, trusted: false }).statements.every(
          ({ document: { trusted } }) => !trusted,
        ),
      ).toBe(true);
      const silent = applyVex(scanOf(...all), [{ ...document, trusted: false }], image, NOW);
      expect(silent.vulnerabilities).toEqual(all);
      expect(controlTexts(after.notices)).toEqual([]);
    }),
    { numRuns: 80 },
  );
});
