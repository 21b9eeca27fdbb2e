import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bases, run } from './harness.ts';
import { scovilleHere } from './workplace.ts';

let folder = '';
let server: Server | undefined;
let address = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scoville-fix-e2e-'));
  server = createServer((_, answer) => answer.end('hello\n')).listen(0, '127.0.0.1');
  await new Promise((listening) => server?.once('listening', listening));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tool-1.2.3`;
});
afterAll(async () => {
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

const scoville = scovilleHere();
const ONLY = 'pinned-images,verified-downloads,no-elevated-files,nonroot-user,exec-form,maintainer';

describe('scoville fix with a real registry', () => {
  test('pins, holds a download to its hash, drops root; what comes out is built, and a second run has nothing to do', async () => {
    const before =
      `ARG BASE=${bases.busybox}\n` +
      'FROM ${BASE} AS tools\n' +
      `FROM ${bases.debian}\n` +
      `MAINTAINER jo\n# kept as it is\nADD ${address} /opt/tool\n` +
      'COPY --from=tools /bin/busybox /bin/busybox\n' +
      'CMD exec sleep 60';
    await writeFile(join(folder, 'Dockerfile'), before);
    const flags = ['--only', ONLY, '--plain-http', new URL(address).host];
    const fixed = await scoville.expect(0, ['fix', '--yes', ...flags], { cwd: folder });
    expect(fixed.stdout).toBe('');
    const after = await readFile(join(folder, 'Dockerfile'), 'utf8');
    expect(after.split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^ARG BASE=${bases.busybox}@sha256:[0-9a-f]{64}$`)),
      'FROM ${BASE} AS tools',
      expect.stringMatching(new RegExp(`^FROM ${bases.debian}@sha256:[0-9a-f]{64}$`)),
      'LABEL org.opencontainers.image.authors="jo"',
      '# kept as it is',
      // `printf 'hello\n' | sha256sum`
      `ADD --checksum=sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 --chmod=644 ${address} /opt/tool`,
      'COPY --from=tools /bin/busybox /bin/busybox',
      'RUN find / -xdev -type f -perm /6000 -exec chmod a-s {} +',
      'USER 65532:65532',
      'CMD ["sleep", "60"]',
    ]);
    // The engine cannot reach this server from its network: its line is left out.
    const built = await run(
      'docker',
      ['buildx', 'build', '--output=type=cacheonly', '-f-', folder],
      { input: after.replace(/^ADD .*\n/m, '') },
    );
    expect([built.exitCode, built.exitCode === 0 ? '' : built.stderr]).toEqual([0, '']);
    const again = await scoville.expect(0, ['fix', '--dry-run', ...flags], { cwd: folder });
    expect(again.stdout).toBe('');
  });
});
