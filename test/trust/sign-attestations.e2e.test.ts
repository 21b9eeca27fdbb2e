import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { sbomContent } from '../../src/criteria/sbom.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import { digestOf } from '../../src/model/reference.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { parseStatement, subjectDigests } from '../../src/trust/bundle.ts';
import { generateKeyPair, signStatement } from '../../src/trust/cosign.ts';
import { parseProvenance } from '../../src/trust/provenance-read.ts';
import { slsaProvenance } from '../../src/trust/provenance.ts';
import { cyclonedxDocument, spdxDocument } from '../../src/trust/sbom.ts';
import { verifyAttached } from '../../src/trust/trusted-signers.ts';
import { testResult, verdictPolicy, verificationSummary } from '../../src/trust/verdict.ts';
import { provenanceSample } from './fixture-provenance.ts';
import { sbomInput } from './sbom-samples.ts';

const MANIFEST = '{"schemaVersion":2}';
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'attestations-'));
  await generateKeyPair(runTool, join(dir, 'keys'), '');
  await writeFile(join(dir, 'manifest.json'), MANIFEST);
});

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

function provenance(): unknown {
  const made = slsaProvenance({
    buildkit: provenanceSample('buildx-0.13.1-max'),
    buildkitDigest: digestOf('BuildKit wrote this'),
    toolVersion: '0.1.0',
    versions: { docker: '26.1.5' },
    normaliser: undefined,
  });
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

const judgement = { level: 2, criteria: [] };
const context = {
  toolVersion: '0.1.0',
  gradedAt: '2026-01-01T00:00:00Z',
  resourceUri: 'pkg:oci/app',
  gateMet: true,
  policy: verdictPolicy(DEFAULT_SETTINGS),
};

describe('what we write, cosign signs unchanged and verifies, and we read again', () => {
  test.each([
    [PREDICATE_TYPE.cyclonedx, cyclonedxDocument(sbomInput())],
    [PREDICATE_TYPE.spdx, spdxDocument(sbomInput())],
    [PREDICATE_TYPE.slsaProvenanceV1, provenance()],
    [PREDICATE_TYPE.slsaVsa, verificationSummary(judgement, context)],
    [PREDICATE_TYPE.testResult, testResult(judgement)],
  ])('%s', async (predicateType, predicate) => {
    const blob = join(dir, 'manifest.json');
    const key = { kind: 'key', ref: join(dir, 'keys/cosign.key'), password: '' } as const;
    const stated = { manifestPath: blob, predicateType, predicate };
    const bundle = await signStatement(runTool, key, stated);
    const signer = { kind: 'key', publicKey: join(dir, 'keys/cosign.pub') } as const;
    const verified = await verifyAttached(runTool, { bundle, blob, predicateType, signer });
    expect(verified).toMatchObject({ outcome: 'verified' });

    const statement = parseStatement(bundle);
    if (!statement.ok) throw new Error(statement.error);
    expect(statement.value.predicateType).toBe(predicateType);
    expect(statement.value.predicate).toEqual(JSON.parse(JSON.stringify(predicate)));
    expect(subjectDigests(statement.value)).toEqual([digestOf(MANIFEST)]);
    expect(sbomContent(statement.value.predicate) !== undefined).toBe(
      predicateType === PREDICATE_TYPE.cyclonedx || predicateType === PREDICATE_TYPE.spdx,
    );
    expect(parseProvenance(statement.value.predicate).ok).toBe(
      predicateType === PREDICATE_TYPE.slsaProvenanceV1,
    );
  });
});
