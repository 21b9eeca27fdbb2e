import { expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { type DocumentInputs, earlyStatements } from '../../src/trust/sign.ts';
import { provenanceSample } from './fixture-provenance.ts';

const descriptor = { mediaType: 'm', digest: digestOf('a'), size: 1 };

/** A build that fetched so many addresses. */
function inputs(count: number): DocumentInputs {
  const fetches = Array.from({ length: count }, (_, at) => ({
    address: `https://a.example/${at}/${'x'.repeat(4000)}`,
    digest: digestOf(`${at}`),
    size: 1,
  }));
  const predicate = provenanceSample('buildx-0.13.1-max');
  return {
    image: {
      index: descriptor,
      platforms: [{ descriptor, built: { descriptor, provenance: { predicate } }, touched: [] }],
    },
    plan: {
      attest: { provenance: { on: true } },
      settings: { reproducible: { mode: 'safe' } },
    },
    recording: { fetches: new Map([['build', fetches]]), incomplete: new Map() },
    toolVersion: '0.1.0',
    env: {},
    versions: {},
    normaliser: { version: '1', rules: [] },
    startedOn: '2026-01-01T00:00:00Z',
    finishedOn: '2026-01-01T00:00:00Z',
  } as unknown as DocumentInputs;
}

test('provenance that no reader would take ends the build', () => {
  expect(earlyStatements(inputs(10)).map(({ predicateType }) => predicateType)).toContain(
    'https://slsa.dev/provenance/v1',
  );
  expect(() => earlyStatements(inputs(3000))).toThrow(
    /^the provenance has 12\.\d MB, and readers take 11 MiB$/,
  );
});
