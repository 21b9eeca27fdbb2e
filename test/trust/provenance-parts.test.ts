import { describe, expect, test } from 'vitest';
import { provenanceParts } from '../../src/trust/provenance-read.ts';
import { provenanceSample } from './fixture-provenance.ts';

const MAX = ['buildx-0.13.1-max', 'buildkit-v1-documented', 'buildkit-v1-early'] as const;

describe('provenanceParts', () => {
  test.each(MAX)('finds the same parts in %s', (name) => {
    const parts = provenanceParts(provenanceSample(name));
    expect(parts.configSource).toEqual({ path: 'Dockerfile' });
    expect(parts.args).toEqual({
      'build-arg:NPM_TOKEN': 'abc-not-a-real-token',
      'build-arg:VERSION': '7',
      'label:team': 'sample',
      'no-cache': '',
    });
    expect(parts.buildConfig).toEqual(
      provenanceParts(provenanceSample('buildx-0.13.1-max')).buildConfig,
    );
    expect(Object.keys(parts.metadata)).toEqual(expect.arrayContaining(['source', 'layers']));
    expect([parts.hermetic, parts.materialsComplete]).toEqual([false, false]);
  });

  test('mode=min has no build steps and no source', () => {
    const parts = provenanceParts(provenanceSample('buildx-0.13.1-min'));
    expect(parts.buildConfig).toBeUndefined();
    expect(parts.metadata).toEqual({});
    expect(parts.args).toEqual({ 'no-cache': '' });
  });

  test('reads what says that it is hermetic and complete, in each version', () => {
    const key = 'https://mobyproject.org/buildkit@v1#';
    const v02 = {
      builder: {},
      metadata: { [`${key}hermetic`]: true, completeness: { materials: true } },
    };
    const v1 = {
      buildDefinition: {},
      runDetails: {
        metadata: {
          buildkit_hermetic: true,
          buildkit_completeness: { resolvedDependencies: true },
        },
      },
    };
    for (const predicate of [v02, v1])
      expect(provenanceParts(predicate)).toMatchObject({ hermetic: true, materialsComplete: true });
  });
});
