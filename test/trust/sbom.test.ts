import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { digestHex } from '../../src/model/reference.ts';
import { readLicense } from '../../src/trust/licenses.ts';
import { cyclonedxDocument, spdxDocument } from '../../src/trust/sbom.ts';
import {
  IMAGE,
  LAYER,
  LIBC,
  NESTED,
  OTHER_LAYER,
  SAMPLE_PACKAGES,
  samplePackage,
  sbomInput,
  UNREADABLE,
} from './sbom-samples.ts';
import { spdxErrors } from './spdx-rules.ts';

/** What documents say of the packages of the samples. */
const EXPECTED = parse(
  readFileSync('test/trust/sbom.yaml', 'utf8')
    .replaceAll('@LAYER', LAYER)
    .replaceAll('@OTHER', OTHER_LAYER),
) as Readonly<Record<'licenses' | 'ms' | 'nested' | 'unread' | 'spdx' | 'libc6', object>>;

/** The official CycloneDX 1.6 schema, as the CycloneDX library ships it. */
function officialSchema(): ValidateFunction {
  const library = createRequire(import.meta.url).resolve(
    '@cyclonedx/cyclonedx-library/package.json',
  );
  const load = (name: string): object =>
    JSON.parse(
      readFileSync(join(dirname(library), 'res/schema', `${name}.SNAPSHOT.schema.json`), 'utf8'),
    ) as object;
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormatsModule.default(ajv);
  // Formats of internationalised names, which draft-07 has and ajv-formats lacks.
  ajv.addFormat('iri-reference', true);
  ajv.addFormat('idn-email', true);
  ajv.addSchema(load('jsf-0.82'), 'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json');
  ajv.addSchema(load('spdx'), 'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json');
  return ajv.compile(load('bom-1.6'));
}

const validate = officialSchema();

function cyclonedxErrors(document: unknown): unknown {
  return validate(JSON.parse(JSON.stringify(document))) ? [] : validate.errors;
}

describe.each([
  ['CycloneDX 1.6, by the official schema', cyclonedxDocument, cyclonedxErrors],
  ['SPDX 2.3, by its rules', spdxDocument, spdxErrors],
] as const)('%s', (_, write, errorsOf) => {
  const programs = [{ path: 'bin/app', layer: LAYER }];
  const errors = (over: Parameters<typeof sbomInput>[0]): unknown =>
    errorsOf(write(sbomInput(over)));

  test.each([
    {},
    { packages: [], osRelease: undefined },
    { packages: [], programs, osRelease: undefined },
    { packages: [NESTED], unreadable: UNREADABLE },
  ])('%# is valid', (over) => {
    expect(errors(over)).toEqual([]);
  });

  test('is the same for the same packages in any order', () => {
    const reversed = sbomInput({ packages: [...SAMPLE_PACKAGES].reverse() });
    expect(JSON.stringify(write(reversed))).toBe(JSON.stringify(write(sbomInput())));
  });

  test('stays valid whatever names, versions and licenses a hostile image records', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    const odd = fc.constantFrom('MIT', 'MIT OR', '(ISC)', 'GPL-2.0+', 'LicenseRef-x');
    const hostile = fc.record({
      name: text,
      version: text,
      purl: fc.oneof(text, fc.constant('')),
      licenses: fc.array(fc.oneof(text, odd), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 5 }), text, (found, name) => {
        const packages = found.map((one) => samplePackage(one));
        const image = write === spdxDocument ? {} : { image: { ...sbomInput().image, name } };
        expect(errors({ packages, ...image })).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('cyclonedxDocument', () => {
  test('names the programs of an image without packages, and of no other', () => {
    const programs = [{ path: 'bin/app', layer: LAYER }];
    const document = cyclonedxDocument(sbomInput({ packages: [], programs, osRelease: undefined }));
    expect(document.components.map(({ type, name }) => [type, name])).toEqual([
      ['file', '/bin/app'],
    ]);
    const other = cyclonedxDocument(sbomInput({ programs }));
    expect(other.components.filter(({ type }) => type === 'file')).toEqual([]);
  });

  test('describes the image', () => {
    const { metadata, serialNumber, specVersion } = cyclonedxDocument(sbomInput());
    expect(specVersion).toBe('1.6');
    expect(serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(metadata.timestamp).toBe('2026-01-02T02:04:05Z');
    expect(metadata.tools.components).toEqual([
      { type: 'application', name: 'scoville', version: '0.1.0' },
    ]);
    expect(metadata.component).toMatchObject({
      type: 'container',
      name: 'registry.example.com/team/app:1.2',
      version: IMAGE,
      purl: `pkg:oci/app@sha256%3A${digestHex(IMAGE)}?arch=arm64&repository_url=registry.example.com/team/app&tag=1.2`,
      properties: [{ name: 'scoville:platform', value: 'linux/arm64/v8' }],
    });
  });

  test('another digest, another serial number', () => {
    const other = sbomInput({ image: { ...sbomInput().image, digest: LAYER } });
    expect(cyclonedxDocument(other).serialNumber).not.toBe(
      cyclonedxDocument(sbomInput()).serialNumber,
    );
  });

  test('writes licenses as id, expression or name', () => {
    const licenses = Object.fromEntries(
      cyclonedxDocument(sbomInput()).components.map(({ name, licenses }) => [name, licenses]),
    );
    expect(licenses).toEqual(EXPECTED.licenses);
  });

  test('lists a package once, with every place it lies in', () => {
    const found = cyclonedxDocument(sbomInput()).components.filter(({ name }) => name === 'ms');
    expect(found.map((component) => component.properties)).toEqual([EXPECTED.ms]);
  });

  test('an archive in an archive: its group, and where it lies', () => {
    const document = cyclonedxDocument(sbomInput({ packages: [NESTED] }));
    expect(document.components.at(-1)).toMatchObject({
      group: 'org.slf4j',
      name: 'slf4j-api',
      properties: EXPECTED.nested,
    });
  });

  test('says that it is incomplete where a record could not be read, and which', () => {
    expect('compositions' in cyclonedxDocument(sbomInput())).toBe(false);
    const document = cyclonedxDocument(sbomInput({ unreadable: UNREADABLE }));
    expect(document.compositions).toEqual([
      { aggregate: 'incomplete', assemblies: [document.metadata.component['bom-ref']] },
    ]);
    expect(document.metadata.component.properties?.slice(1)).toEqual(EXPECTED.unread);
  });
});

describe('spdxDocument', () => {
  test('names the programs of an image without packages as packages that are files', () => {
    const programs = [{ path: 'bin/app', layer: LAYER }];
    const document = spdxDocument(sbomInput({ packages: [], programs, osRelease: undefined }));
    expect(
      document.packages
        .slice(1)
        .map(({ name, primaryPackagePurpose }) => [name, primaryPackagePurpose]),
    ).toEqual([['/bin/app', 'FILE']]);
  });

  test('says what could not be read, and where a nested archive lies', () => {
    const document = spdxDocument(sbomInput({ packages: [NESTED], unreadable: UNREADABLE }));
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
    const named = packages.map(({ name, primaryPackagePurpose }) => [name, primaryPackagePurpose]);
    expect(named).toEqual(EXPECTED.spdx);
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
    expect(packages.find(({ name }) => name === 'libc6')?.externalRefs).toEqual(EXPECTED.libc6);
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
});

const maintained = {
  ...LIBC,
  supplier: {
    kind: 'organization' as const,
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
