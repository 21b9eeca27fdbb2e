import { describe, expect, test } from 'vitest';
import { parseProvenance } from '../../src/trust/provenance-read.ts';
import { provenanceSample } from './fixture-provenance.ts';

const DOCKERFILE = 'FROM base\nRUN make\nADD https://e.com/x /\n';
const exec = { Op: { exec: { meta: { args: ['/bin/sh', '-c', 'make'] } } }, constraints: {} };
const address = { Op: { source: { identifier: 'https://e.com/x', attrs: {} } } };
const image = { Op: { source: { identifier: 'docker-image://docker.io/library/x', attrs: {} } } };
const MAKE = ['/bin/sh', '-c', 'make'];

function recordedSteps(buildConfig: unknown, locations: unknown, dockerfile?: string): unknown {
  const infos = dockerfile === undefined ? [] : [{ data: btoa(dockerfile) }];
  const read = parseProvenance({
    buildDefinition: { internalParameters: { buildConfig } },
    runDetails: { metadata: { buildkit_metadata: { source: { infos, locations } } } },
  });
  return read.ok ? read.value.steps : read.error;
}

function steps(op: unknown, ...lines: readonly number[]): unknown {
  const places = lines.map((line) => ({ ranges: [{ start: { line }, end: { line } }] }));
  const locations = { step0: { locations: places } };
  return recordedSteps({ llbDefinition: [{ id: 'step0', op }] }, locations, DOCKERFILE);
}

describe('the steps that BuildKit recorded', () => {
  test.each([
    ['a command', exec, [2], [MAKE], false],
    ['a command as a later BuildKit may write it', exec.Op, [2], [MAKE], false],
    ['a command without words', { exec: {} }, [2], [[]], false],
    ['an ADD', address, [3], [], false],
    ['the ONBUILD ADD of a base', address, [1], [], true],
    ['a context from an address, which has no place', address, [], [], false],
    ['the base itself', image, [1], [], false],
    ['a step that is none', { Op: null }, [1], [], false],
  ])('%s', (_name, op, lines, commands, fetchesInFrom) => {
    expect(steps(op, ...lines)).toEqual({ commands, fetchesInFrom });
  });

  test('are not known without any, or without the file', () => {
    expect(recordedSteps(undefined, {}, DOCKERFILE)).toBeUndefined();
    expect(recordedSteps({ llbDefinition: [] }, {})).toBeUndefined();
    expect(recordedSteps({ llbDefinition: [null, 7, { op: 3 }] }, null, DOCKERFILE)).toEqual({
      commands: [],
      fetchesInFrom: false,
    });
  });

  test.each([
    ['buildx-0.13.1-max', 1],
    ['buildx-0.13.1-min', undefined],
    ['buildkit-v1-early', 1],
    ['buildkit-v1-documented', 1],
  ] as const)('%s', (name, count) => {
    const read = parseProvenance(provenanceSample(name));
    expect(read.ok && read.value.steps?.commands.length).toBe(count);
  });
});
