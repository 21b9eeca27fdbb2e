import type { LockFile } from '../../src/model/lock.ts';
import { digest } from './given.ts';

/** A lock with everything in it; `more` goes above. */
export function lock(more: Partial<LockFile> = {}): LockFile {
  return {
    dockerfile: 'Dockerfile',
    target: 'app',
    images: new Map([
      [
        'docker.io/library/node:22',
        { digest: digest('a'), local: false, platforms: new Map([['linux/amd64', digest('b')]]) },
      ],
      ['docker.io/library/own:1', { digest: digest('c'), local: true, platforms: new Map() }],
    ]),
    epoch: { seconds: 1_769_904_000, reason: 'creation time of docker.io/library/node:22' },
    builder: { docker: '26.1.5', buildx: '0.13.1', frontend: 'dockerfile.v0' },
    normaliser: '1-safe',
    snapshots: ['snapshot.debian.org/debian 20260301T000000Z'],
    remotes: new Map([['https://example.com/a.txt', `sha256:${'d'.repeat(64)}`]]),
    packages: new Map([
      [
        'linux/amd64',
        new Map([
          ['deb', ['curl 8.14.1-2', 'jq 1.7']],
          ['npm', ['@scope/x 1.0.0', 'y 2.10']],
        ]),
      ],
      ['linux/arm64', new Map()],
    ]),
    ...more,
  };
}
