import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestHex } from '../../src/model/reference.ts';
import { readLicense } from '../../src/trust/licenses.ts';
import { spdxDocument } from '../../src/trust/sbom.ts';
import {
  IMAGE,
  LAYER,
  NESTED,
  OTHER_LAYER,
  SAMPLE_PACKAGES,
  samplePackage,
  sbomInput,
  UNREADABLE,
} from './sbom-samples.ts';
import { spdxErrors } from './spdx-rules.ts';

describe('spdxDocument', () => {
  test('names the programs of an image without packages as packages that are files', () => {
    const programs = [{ path: 'bin/app', layer: LAYER }];
    const document = spdxDocument(sbomInput({ packages: [], programs, osRelease: undefined }));
    expect(spdxErrors(document)).toEqual([]);
    expect(
      document.packages
        .slice(1)
        .map(({ name, primaryPackagePurpose }) => [name, primaryPackagePurpose]),
    ).toEqual([['/bin/app', 'FILE']]);
  });

  test('keeps the rules of SPDX 2.3', () => {
    expect(spdxErrors(spdxDocument(sbomInput()))).toEqual([]);
    expect(spdxErrors(spdxDocument(sbomInput({ packages: [], osRelease: undefined })))).toEqual([]);
  });

  test('is the same for the same packages in any order', () => {
    const reversed = sbomInput({ packages: [...SAMPLE_PACKAGES].reverse() });
    expect(JSON.stringify(spdxDocument(reversed))).toBe(JSON.stringify(spdxDocument(sbomInput())));
  });

  test('says what could not be read, and where a nested archive lies', () => {
    const document = spdxDocument(sbomInput({ packages: [NESTED], unreadable: UNREADABLE }));
    expect(spdxErrors(document)).toEqual([]);
    expect(document.packages[0]?.comment).toBe(
      `Packages may be missing, since not all records of them could be read: opt/x.jar (layer ${LAYER}): it is cut off`,
    );
    expect(document.packages.at(-1)?.sourceInfo).toBe(
      `recorded in app/app.jar!/BOOT-INF/lib/slf4j-api-2.0.1.jar (layer ${LAYER})`,
    );
  });

  test('names itself after the digest, and its maker', () => {
    const { documentNamespace, creationInfo, name } = spdxDocument(sbomInput());
    expect(documentNamespace).toMatch(
      new RegExp(`^https://spdx\\.org/spdxdocs/scoville-${digestHex(IMAGE)}-[0-9a-f-]{36}$`),
    );
    expect(creationInfo).toEqual({
      created: '2026-01-02T02:04:05Z',
      creators: ['Tool: scoville-0.1.0'],
    });
    expect(name).toBe('registry.example.com/team/app:1.2');
  });

  test('describes the image, which contains each package once', () => {
    const { packages, relationships } = spdxDocument(sbomInput());
    expect(
      packages.map(({ name, primaryPackagePurpose }) => [name, primaryPackagePurpose]),
    ).toEqual([
      ['registry.example.com/team/app:1.2', 'CONTAINER'],
      ['debian', 'OPERATING_SYSTEM'],
      ['no-version', 'LIBRARY'],
      ['libc6', 'LIBRARY'],
      ['@scope/either', 'LIBRARY'],
      ['express', 'LIBRARY'],
      ['ms', 'LIBRARY'],
      ['several', 'LIBRARY'],
    ]);
    expect(relationships[0]).toEqual({
      spdxElementId: 'SPDXRef-DOCUMENT',
      relationshipType: 'DESCRIBES',
      relatedSpdxElement: 'SPDXRef-Image',
    });
    expect(
      relationships
        .slice(1)
        .map((r) => [r.spdxElementId, r.relationshipType, r.relatedSpdxElement]),
    ).toEqual(packages.slice(1).map(({ SPDXID }) => ['SPDXRef-Image', 'CONTAINS', SPDXID]));
  });

  test('says where a package is recorded and what it was built from', () => {
    const { packages } = spdxDocument(sbomInput());
    const infos = Object.fromEntries(packages.map(({ name, sourceInfo }) => [name, sourceInfo]));
    expect(infos['libc6']).toBe(
      `recorded in var/lib/dpkg/status (layer ${LAYER}); built from source glibc 2.41-12`,
    );
    expect(infos['ms']).toBe(
      `recorded in app/node_modules/a/node_modules/ms/package.json (layer ${OTHER_LAYER}), app/node_modules/ms/package.json (layer ${LAYER})`,
    );
    expect(packages.find(({ name }) => name === 'libc6')?.externalRefs).toEqual([
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: 'pkg:deb/debian/libc6@1%3A2.41-12?arch=amd64&distro=debian-13',
      },
    ]);
  });

  test('declares licenses as valid expressions, free text as LicenseRef', () => {
    const { packages, hasExtractedLicensingInfos } = spdxDocument(sbomInput());
    const declared = Object.fromEntries(packages.map((p) => [p.name, p.licenseDeclared]));
    expect(declared).toMatchObject({
      debian: 'NOASSERTION',
      express: 'MIT',
      '@scope/either': '(MIT OR Apache-2.0)',
      ms: 'MIT',
      'no-version': 'NOASSERTION',
    });
    expect(declared['several']).toMatch(
      /^ISC AND \(MIT OR Zlib\) AND LicenseRef-scoville-Ours-[0-9a-f]{12}$/,
    );
    expect(declared['libc6']).toMatch(
      /^LicenseRef-scoville-GPL-2-with-a-twist-[0-9a-f]{12} AND LGPL-2.1-or-later$/,
    );
    expect(hasExtractedLicensingInfos?.map(({ extractedText }) => extractedText)).toEqual([
      'GPL-2+ with a twist',
      'Ours',
    ]);
    for (const { licenseDeclared } of packages)
      if (licenseDeclared !== 'NOASSERTION')
        expect(readLicense(licenseDeclared).kind).not.toBe('name');
  });

  test('defines the license references that packages use themselves', () => {
    const packages = [
      samplePackage({ name: 'own', version: '1', licenses: ['MIT AND LicenseRef-Callaway-BSD'] }),
    ];
    const document = spdxDocument(sbomInput({ packages }));
    expect(document.hasExtractedLicensingInfos).toEqual([
      {
        licenseId: 'LicenseRef-Callaway-BSD',
        extractedText: 'LicenseRef-Callaway-BSD',
        name: 'LicenseRef-Callaway-BSD',
      },
    ]);
  });

  test('keeps the rules whatever names, versions and licenses a hostile image records', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    const hostile = fc.record({
      name: text,
      version: text,
      purl: fc.oneof(text, fc.constant('')),
      licenses: fc.array(fc.oneof(text, fc.constantFrom('MIT', 'LicenseRef-x', '(ISC)')), {
        maxLength: 3,
      }),
    });
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 5 }), (found) => {
        const packages = found.map((one) => samplePackage(one));
        expect(spdxErrors(spdxDocument(sbomInput({ packages })))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
