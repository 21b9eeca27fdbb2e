import { describe, expect, test } from 'vitest';
import { hasHiddenSteps } from '../../src/attestations/hidden-steps.ts';
import { parseProvenance } from '../../src/attestations/provenance-read.ts';
import { provenanceSample } from './fixture-provenance.ts';

const DOCKERFILE = 'FROM base\nRUN make\n\trun <<E\nFROM x\nE\nADD https://e.com/x /\n';
const exec = { Op: { exec: { meta: { args: ['/bin/sh', '-c', 'make'] } } }, constraints: {} };
const fetch = { Op: { source: { identifier: 'https://e.com/x', attrs: {} } } };
const image = { Op: { source: { identifier: 'docker-image://docker.io/library/x', attrs: {} } } };

function hidden(op: unknown, ...lines: readonly number[]): boolean | undefined {
  const places = lines.map((line) => ({ ranges: [{ start: { line }, end: { line } }] }));
  const locations = { step0: { locations: places } };
  return hasHiddenSteps({ llbDefinition: [{ id: 'step0', op }] }, locations, DOCKERFILE);
}

describe('steps that BuildKit ran and the Dockerfile does not show', () => {
  test.each([
    ['a RUN', exec, [2], false],
    ['a RUN with a here-document, in small letters', exec, [3], false],
    ['two RUNs that are one step', exec, [2, 3], false],
    ['the ONBUILD RUN of a base', exec, [1], true],
    ['a command of which nobody says where it comes from', exec, [], true],
    ['a command beyond the file', exec, [99], true],
    ['an ADD', fetch, [6], false],
    ['the ONBUILD ADD of a base', fetch, [1], true],
    ['a context from an address, which has no place', fetch, [], false],
    ['the base itself', image, [1], false],
    ['a step that is none', { Op: null }, [1], false],
    ['a command as a later BuildKit may write it', { exec: {} }, [1], true],
  ])('%s', (_name, op, lines, expected) => {
    expect(hidden(op, ...lines)).toBe(expected);
  });

  test('are not known without recorded steps, or without the file', () => {
    expect(hasHiddenSteps(undefined, {}, DOCKERFILE)).toBeUndefined();
    expect(hasHiddenSteps({ llbDefinition: [] }, {}, undefined)).toBeUndefined();
    expect(hasHiddenSteps({ llbDefinition: [null, 7, { op: 3 }] }, null, DOCKERFILE)).toBe(false);
  });

  test.each([
    ['buildx-0.13.1-max', false],
    ['buildx-0.13.1-min', undefined],
    ['buildkit-v1-early', false],
    ['buildkit-v1-documented', false],
  ] as const)('%s', (name, expected) => {
    const read = parseProvenance(provenanceSample(name));
    expect(read.ok && read.value.hasHiddenSteps).toBe(expected);
  });
});
