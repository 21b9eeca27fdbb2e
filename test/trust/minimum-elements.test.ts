import { expect, test } from 'vitest';
import type { Package } from '../../src/model/packages.ts';
import { cyclonedxDocument, spdxDocument } from '../../src/trust/sbom.ts';
import { LIBC, samplePackage, sbomInput } from './sbom-samples.ts';

const maintained: Package = {
  ...LIBC,
  supplier: {
    kind: 'organization',
    name: 'GNU Libc Maintainers',
    email: 'libc@lists.debian.org',
  },
};
const written = samplePackage({
  name: 'left-pad',
  version: '1.3.0',
  supplier: { kind: 'person', name: 'Jane' },
  originator: { kind: 'person', name: 'Jane' },
});
const nameless = samplePackage({ name: 'ms', version: '2.1.3' });
const packages = [maintained, written, nameless];
const { image } = sbomInput();
const input = sbomInput({ packages, image: { ...image, vendor: 'Example Corp' } });

/**
 * The seven of NTIA's report of 2021, "The Minimum Elements For a Software Bill of Materials",
 * table 1.
 */
test('SPDX: supplier, name, version, identifier, relationship, author, time', () => {
  const { packages: all, relationships, creationInfo } = spdxDocument(input);
  expect(creationInfo).toEqual({
    created: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    creators: [expect.stringMatching(/^Tool: scoville-/) as string],
  });
  const listed = all.filter(({ primaryPackagePurpose: purpose }) => purpose === 'LIBRARY');
  expect(listed.map(({ name, supplier, originator }) => [name, supplier, originator])).toEqual([
    ['libc6', 'Organization: GNU Libc Maintainers (libc@lists.debian.org)', undefined],
    ['left-pad', 'Person: Jane', 'Person: Jane'],
    // Nobody is recorded, and nobody is made up.
    ['ms', 'NOASSERTION', undefined],
  ]);
  expect(all.find(({ SPDXID }) => SPDXID === 'SPDXRef-Image')?.supplier).toBe(
    'Organization: Example Corp',
  );
  for (const { SPDXID, versionInfo, externalRefs } of listed) {
    expect(versionInfo).toMatch(/\d/);
    expect(externalRefs?.[0]?.referenceLocator).toMatch(/^pkg:/);
    expect(relationships).toContainEqual({
      spdxElementId: 'SPDXRef-Image',
      relationshipType: 'CONTAINS',
      relatedSpdxElement: SPDXID,
    });
  }
});

test('CycloneDX: the same, and no supplier where none is recorded', () => {
  const { metadata, components, dependencies } = cyclonedxDocument(input);
  expect(metadata).toMatchObject({
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    tools: { components: [{ name: 'scoville' }] },
    supplier: { name: 'Example Corp' },
    component: { supplier: { name: 'Example Corp' } },
  });
  const listed = components.filter(({ type }) => type === 'library');
  expect(listed.map(({ name, supplier, authors }) => [name, supplier, authors])).toEqual([
    [
      'libc6',
      { name: 'GNU Libc Maintainers', contact: [{ email: 'libc@lists.debian.org' }] },
      undefined,
    ],
    ['left-pad', { name: 'Jane' }, [{ name: 'Jane' }]],
    ['ms', undefined, undefined],
  ]);
  for (const one of listed) {
    expect(one.version).toMatch(/\d/);
    expect(one.purl).toMatch(/^pkg:/);
    expect(dependencies[0]?.dependsOn).toContain(one['bom-ref']);
  }
});
