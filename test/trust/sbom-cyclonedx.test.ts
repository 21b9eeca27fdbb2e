import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestHex } from '../../src/model/reference.ts';
import { cyclonedxDocument } from '../../src/trust/sbom.ts';
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

function errorsOf(document: unknown): unknown {
  return validate(JSON.parse(JSON.stringify(document))) ? [] : validate.errors;
}

describe('cyclonedxDocument', () => {
  test('validates against the official schema', () => {
    expect(errorsOf(cyclonedxDocument(sbomInput()))).toEqual([]);
    expect(errorsOf(cyclonedxDocument(sbomInput({ packages: [], osRelease: undefined })))).toEqual(
      [],
    );
  });

  test('names the programs of an image without packages, and of no other', () => {
    const programs = [{ path: 'bin/app', layer: LAYER }];
    const document = cyclonedxDocument(sbomInput({ packages: [], programs, osRelease: undefined }));
    expect(errorsOf(document)).toEqual([]);
    expect(document.components.map(({ type, name }) => [type, name])).toEqual([
      ['file', '/bin/app'],
    ]);
    const other = cyclonedxDocument(sbomInput({ programs }));
    expect(other.components.filter(({ type }) => type === 'file')).toEqual([]);
  });

  test('is the same for the same packages in any order', () => {
    const whole = JSON.stringify(cyclonedxDocument(sbomInput()));
    const reversed = sbomInput({ packages: [...SAMPLE_PACKAGES].reverse() });
    expect(JSON.stringify(cyclonedxDocument(reversed))).toBe(whole);
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
    expect(licenses).toEqual({
      debian: undefined,
      express: [{ license: { id: 'MIT' } }],
      '@scope/either': [{ expression: '(MIT OR Apache-2.0)' }],
      ms: [{ license: { id: 'MIT' } }],
      several: [
        { license: { id: 'ISC' } },
        { license: { name: 'MIT OR Zlib' } },
        { license: { name: 'Ours' } },
      ],
      'no-version': undefined,
      libc6: [
        { license: { name: 'GPL-2+ with a twist' } },
        { license: { id: 'LGPL-2.1-or-later' } },
      ],
    });
  });

  test('lists a package once, with every place it lies in', () => {
    const found = cyclonedxDocument(sbomInput()).components.filter(({ name }) => name === 'ms');
    expect(found.map((component) => component.properties)).toEqual([
      [
        { name: 'scoville:package:type', value: 'npm' },
        {
          name: 'scoville:location:0:path',
          value: 'app/node_modules/a/node_modules/ms/package.json',
        },
        { name: 'scoville:location:0:layer', value: OTHER_LAYER },
        { name: 'scoville:location:1:path', value: 'app/node_modules/ms/package.json' },
        { name: 'scoville:location:1:layer', value: LAYER },
      ],
    ]);
  });

  test('an archive in an archive: its group, and where it lies', () => {
    const document = cyclonedxDocument(sbomInput({ packages: [NESTED] }));
    expect(errorsOf(document)).toEqual([]);
    expect(document.components.at(-1)).toMatchObject({
      group: 'org.slf4j',
      name: 'slf4j-api',
      properties: [
        { name: 'scoville:package:type', value: 'maven' },
        { name: 'scoville:location:0:path', value: 'app/app.jar' },
        { name: 'scoville:location:0:inside', value: 'BOOT-INF/lib/slf4j-api-2.0.1.jar' },
        { name: 'scoville:location:0:layer', value: LAYER },
      ],
    });
  });

  test('says that it is incomplete where a record could not be read, and which', () => {
    expect('compositions' in cyclonedxDocument(sbomInput())).toBe(false);
    const document = cyclonedxDocument(sbomInput({ unreadable: UNREADABLE }));
    expect(errorsOf(document)).toEqual([]);
    expect(document.compositions).toEqual([
      { aggregate: 'incomplete', assemblies: [document.metadata.component['bom-ref']] },
    ]);
    expect(document.metadata.component.properties?.slice(1)).toEqual([
      { name: 'scoville:unreadable:0:path', value: 'opt/x.jar' },
      { name: 'scoville:unreadable:0:layer', value: LAYER },
      { name: 'scoville:unreadable:0:reason', value: 'it is cut off' },
    ]);
  });

  test('stays valid whatever names, versions and licenses a hostile image records', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    const hostile = fc.record({
      name: text,
      version: text,
      purl: fc.oneof(text, fc.constant('')),
      licenses: fc.array(fc.oneof(text, fc.constantFrom('MIT', 'MIT OR', '(ISC)', 'GPL-2.0+')), {
        maxLength: 3,
      }),
    });
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 5 }), text, (found, name) => {
        const image = { ...sbomInput().image, name };
        const packages = found.map((one) => samplePackage(one));
        expect(errorsOf(cyclonedxDocument(sbomInput({ packages, image })))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
