import { expect, test } from 'vitest';
import { planAttestations } from '../../src/build/attest-plan.ts';
import { buildWords } from '../../src/build/buildx.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { parsed } from './given.ts';

function attestations(text: string, env: Readonly<Record<string, string>> = {}) {
  const given = parsed(...text.split(' '), '.');
  const { buildxFlags, ...plan } = planAttestations(given, DEFAULT_SETTINGS, env, true);
  const call = { outputs: [], flags: buildxFlags, context: '.', env: {} };
  return { ...plan, buildxWords: buildWords(call).slice(2, -1) };
}

const off = (offBecause: string) => ({ on: false, offBecause });

test.each([
  ['--provenance=false', off('--provenance=false'), ['--provenance=false']],
  ['--attest=type=provenance,disabled=true', off('--provenance=false'), ['--provenance=false']],
  ['--provenance=true', { on: true }, ['--provenance=mode=max']],
  ['--provenance=mode=min', { on: true }, ['--attest=type=provenance,mode=min']],
  ['--provenance=false --provenance=mode=max', { on: true }, ['--attest=type=provenance,mode=max']],
  [
    '--provenance=true --attest=type=provenance,disabled=true',
    { on: true },
    ['--provenance=mode=max'],
  ],
  ['--provenance=', { on: true }, ['--provenance=mode=max']],
])('provenance: %s', (text, provenance, buildxWords) => {
  expect(attestations(text)).toMatchObject({ provenance, buildxWords });
});

test('BUILDX_NO_DEFAULT_ATTESTATIONS turns off what no flag asks for', () => {
  const env = { BUILDX_NO_DEFAULT_ATTESTATIONS: '1' };
  expect(attestations('--pull', env)).toMatchObject({
    provenance: off('BUILDX_NO_DEFAULT_ATTESTATIONS'),
    sbom: { on: true },
    buildxWords: ['--provenance=false'],
  });
  expect(attestations('--provenance=true', env)).toMatchObject({ provenance: { on: true } });
});

test('settings turn off, flags turn on again', () => {
  const settings = {
    ...DEFAULT_SETTINGS,
    sign: { ...DEFAULT_SETTINGS.sign, enabled: false },
    attest: { sbom: [], provenance: false, verdict: false },
  };
  expect(planAttestations(parsed('.'), settings, {}, true)).toMatchObject({
    sbom: off('attest.sbom in the settings'),
    provenance: off('attest.provenance in the settings'),
    sign: off('signing is turned off'),
    verdict: off('attest.verdict in the settings'),
  });
  const asked = planAttestations(parsed('--sbom=true', '--provenance=1', '.'), settings, {}, false);
  expect(asked).toMatchObject({
    sbom: { on: true },
    sbomFormats: ['cyclonedx'],
    provenance: { on: true },
    verdict: off('the image is not graded'),
  });
});
