import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { sentDockerfile } from '../../src/build/sent-dockerfile.ts';
import { restoredProvenance } from '../../src/reproduce/recorded-fetches.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

const TEXT = 'FROM a\nRUN one\nFROM b\nRUN two\n';

test('BuildKit’s provenance tells of the user’s Dockerfile, and of no proxy', () => {
  const read = parseDockerfile(TEXT);
  const sent = read.ok
    ? sentDockerfile(TEXT, read.value, {
        names: () => [],
        clock: false,
        hermetic: { hashedName: '0.0', mark: 'ab', offline: new Set() },
      })
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
          'build-arg:BUILDKIT_CACHE_MOUNT_NS': 'x',
          'context:scoville-hermetic': 'local:scoville-hermetic',
        },
        locals: [{ name: 'context' }, { name: 'scoville-hermetic' }],
      },
    },
    buildConfig: {
      llbDefinition: [
        {
          op: {
            Op: {
              exec: {
                meta: {
                  args: ['sh'],
                  env: [
                    'PATH=/bin',
                    'SSL_CERT_FILE=/.scoville-hermetic/ca.pem',
                    'PIP_CERT=/own.pem',
                    `YARN_HTTP_PROXY=${secret}`,
                    `YARN_HTTPS_PROXY=${secret}`,
                  ],
                  proxyEnv: { http_proxy: secret },
                },
                mounts: [{ cacheOpt: { ID: `scoville-hermetic-${randomUUID()}/root/.cache` } }],
              },
            },
          },
        },
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
    buildConfig: {
      llbDefinition: [
        {
          op: {
            Op: {
              exec: {
                meta: { args: ['sh'], env: ['PATH=/bin', 'PIP_CERT=/own.pem'] },
                mounts: [{ cacheOpt: { ID: '/root/.cache' } }],
              },
            },
          },
        },
      ],
    },
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
