import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sbomContent, sbomCoverage } from '../../src/criteria/sbom.ts';
import { cyclonedxDocument, spdxDocument } from '../../src/trust/sbom.ts';
import { SAMPLE_PACKAGES, sbomInput } from '../trust/sbom-samples.ts';

const names = (predicate: unknown) => sbomContent(predicate)?.parts.map(({ name }) => name);
const cyclonedx = (components: unknown) => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.6',
  components,
});

describe('sbomContent', () => {
  test.each([
    ['CycloneDX', cyclonedxDocument(sbomInput())],
    ['SPDX', spdxDocument(sbomInput())],
  ] as const)('reads our own %s, the image and its system left out', (format, document) => {
    const content = sbomContent(JSON.parse(JSON.stringify(document)));
    expect(content?.format).toBe(format);
    expect(content?.parts.map(({ name }) => name).sort()).toEqual([
      '@scope/either',
      'express',
      'libc6',
      'ms',
      'no-version',
      'several',
    ]);
    expect(content && sbomCoverage(content, SAMPLE_PACKAGES)).toEqual({
      total: 6,
      named: 6,
      missing: [],
    });
  });

  test('reads nested components, groups and files', () => {
    const core = { type: 'library', group: '@babel', name: 'core', version: '7.0.0' };
    const content = sbomContent(
      cyclonedx([
        { type: 'application', name: 'package-lock.json', components: [core] },
        { type: 'file', name: '/etc/passwd' },
        { type: 'operating-system', name: 'debian' },
        { type: 'library', version: 'nameless' },
      ]),
    );
    expect(content?.parts.map(({ name, group, isFile }) => [name, group, isFile])).toEqual([
      ['package-lock.json', undefined, true],
      ['/etc/passwd', undefined, true],
      ['core', '@babel', false],
    ]);
  });

  test('reads SPDX 3', () => {
    const graph = [
      { type: 'SpdxDocument', name: 'x' },
      {
        type: 'software_Package',
        name: 'zlib1g',
        software_packageVersion: '1.3',
        software_packageUrl: 'pkg:deb/debian/zlib1g@1.3',
      },
      { type: 'software_File', name: './app' },
    ];
    expect(sbomContent({ '@graph': graph })?.parts).toEqual([
      { name: 'zlib1g', version: '1.3', purls: ['pkg:deb/debian/zlib1g@1.3'], isFile: false },
      { name: './app', version: undefined, purls: [], isFile: true },
    ]);
  });

  test('SPDX: the image, its system and its sources are no content; files are', () => {
    expect(
      names({
        spdxVersion: 'SPDX-2.3',
        packages: [
          { name: 'app', externalRefs: [{ referenceLocator: 'pkg:oci/app@sha256%3Aab' }] },
          { name: 'debian', primaryPackagePurpose: 'OPERATING-SYSTEM' },
          { name: 'zlib', primaryPackagePurpose: 'SOURCE' },
          { name: 'zlib1g', versionInfo: '1.3' },
        ],
        files: [{ fileName: './app/server' }, { noName: true }],
      }),
    ).toEqual(['zlib1g', './app/server']);
  });

  test('reads a document that cosign wrapped, as text or object', () => {
    const inner = { spdxVersion: 'SPDX-2.2', packages: [{ name: 'a', versionInfo: '1' }] };
    expect(names({ Data: inner, Timestamp: 'x' })).toEqual(['a']);
    expect(names({ Data: JSON.stringify(inner) })).toEqual(['a']);
  });

  test.each([undefined, null, [], {}, 'text', { Data: '{' }, { '@graph': [] }, { spdxVersion: 2 }])(
    'is no SBOM: %j',
    (predicate) => {
      expect(sbomContent(predicate)).toBeUndefined();
    },
  );

  test('depth costs nothing', () => {
    let deep: object = { type: 'library', name: 'deepest', version: '1' };
    for (let i = 0; i < 20_000; i += 1) deep = { components: [deep] };
    expect(names(cyclonedx([deep]))).toEqual(['deepest']);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const predicate of [
          value,
          { Data: value },
          cyclonedx([value, { name: value, components: value }]),
          { spdxVersion: 'SPDX-2.3', packages: [value, { name: 'x', externalRefs: value }] },
          { '@graph': [value, { type: 'software_Package', name: value }] },
        ]) {
          const content = sbomContent(predicate);
          if (content !== undefined) sbomCoverage(content, SAMPLE_PACKAGES);
        }
      }),
    );
  });
});
