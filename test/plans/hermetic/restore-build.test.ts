import { expect, test } from 'vitest';
import { parseDockerfile } from '../../../src/dockerfile/parse-dockerfile.ts';
import { injectHermetic } from '../../../src/plans/hermetic/inject-hermetic.ts';
import { restoredProvenance } from '../../../src/plans/hermetic/restore-build.ts';

const TEXT = 'FROM a\nRUN one\nFROM b\nRUN two\n';

test('BuildKit’s provenance tells of the user’s Dockerfile, and of no proxy', () => {
  const read = parseDockerfile(TEXT);
  const sent = read.ok
    ? injectHermetic(TEXT, read.value, { hashedName: '0.0', offline: new Set() })
    : undefined;
  const secret = 'http://build:s3cr3t@172.17.0.1:1';
  const line = (number: number) => ({
    ranges: [{ start: { line: number }, end: { line: number } }],
  });
  const restored = restoredProvenance({
    invocation: {
      parameters: {
        args: {
          'build-arg:http_proxy': secret,
          'build-arg:A': 'b',
          'build-arg:NO_PROXY': 'x',
          'context:scoville-hermetic': 'local:scoville-hermetic',
        },
        locals: [{ name: 'context' }, { name: 'scoville-hermetic' }],
      },
    },
    buildConfig: {
      llbDefinition: [
        { op: { Op: { exec: { meta: { args: ['sh'], proxyEnv: { http_proxy: secret } } } } } },
      ],
    },
    metadata: {
      source: {
        infos: [
          {
            filename: 'Dockerfile',
            data: Buffer.from(sent?.text ?? '').toString('base64'),
            language: 'Dockerfile',
          },
        ],
        locations: { step0: { locations: [line(3), line(6)] } },
      },
    },
  });
  expect(restored).toEqual({
    invocation: { parameters: { args: { 'build-arg:A': 'b' }, locals: [{ name: 'context' }] } },
    buildConfig: { llbDefinition: [{ op: { Op: { exec: { meta: { args: ['sh'] } } } } }] },
    metadata: {
      source: {
        infos: [
          {
            filename: 'Dockerfile',
            data: Buffer.from(TEXT).toString('base64'),
            language: 'Dockerfile',
          },
        ],
        locations: { step0: { locations: [line(2), line(4)] } },
      },
    },
  });
});
