import { rmSync } from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BadDay, newName } from './bad-day.ts';
import { type ClassicEngine, startClassicEngine } from './classic-engine.ts';
import { EngineProxy } from './engine-proxy.ts';
import { output } from './harness.ts';

const day = new BadDay();
afterAll(() => {
  day.remove();
});

/** Of scoville itself: docker asks for a version of the API. */
const OWN = /^\S+ \/(?!v\d|_ping|grpc|session)/;

describe.runIf(process.getuid?.() === 0).each(['containerd', 'classic'])(
  'the socket of an engine with the %s store',
  (store) => {
    let engine: ClassicEngine | undefined;
    let proxy: EngineProxy;
    const folder = mkdtempSync(join(tmpdir(), 'scoville-engine-'));
    beforeAll(async () => {
      engine = store === 'classic' ? await startClassicEngine() : undefined;
      proxy = new EngineProxy(folder, engine?.host.replace('unix://', ''));
      await proxy.listen();
    });
    afterAll(async () => {
      proxy.close();
      await engine?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const load = async (name: string) => {
      proxy.asked.length = 0;
      const env = { DOCKER_HOST: proxy.host };
      const { stderr } = await day.scoville.expect(0, ['load', name], { env });
      return { stderr, asked: proxy.asked.map((one) => one.replace(/%3A[^/?]*/, ':X')) };
    };
    const contentOf = async (name: string): Promise<string> => {
      const docker = ['docker', '-H', engine?.host ?? 'unix:///var/run/docker.sock'];
      const words = ['create', name, '/content'];
      const id = (await output('env', [...docker, ...words])).trim();
      const tar = ['sh', '-c', '"$@" | tar -xO', '-', ...docker, 'cp', `${id}:/content`, '-'];
      const content = await output('env', tar);
      await output('env', [...docker, 'rm', id]);
      return content;
    };

    test('an image is loaded, found there, and replaced, with no docker started for it', async () => {
      const name = newName();
      const build = async (content: string): Promise<void> => {
        await day.scoville.expect(0, ['build', '-t', name, day.context({ content })]);
      };
      try {
        await build('first');
        const first = await load(name);
        // The engine of the build has it.
        const isSame = store === 'containerd';
        expect(first.asked.filter((one) => OWN.test(one))).toEqual(first.asked);
        expect(first.asked.some((one) => one.startsWith('POST /images/load?'))).toBe(!isSame);
        expect(await contentOf(name)).toBe('first');
        const again = await load(name);
        expect(again.asked).toEqual(again.asked.filter((one) => one.startsWith('GET /images/')));
        await output('docker', ['rmi', '--force', name]);
        await build('second');
        if (isSame) await output('docker', ['rmi', '--force', name]);
        const second = await load(name);
        expect(second.asked.filter((one) => OWN.test(one))).toEqual(second.asked);
        expect(second.asked.filter((one) => one.startsWith('POST '))).toEqual([
          'POST /images/load?quiet=1',
          expect.stringMatching(/^POST \/images\/sha256:X\/tag\?repo=/),
        ]);
        expect(await contentOf(name)).toBe('second');
      } finally {
        await output('docker', ['rmi', '--force', name]).catch(() => undefined);
      }
    });
  },
);
