import { expect, test } from 'vitest';
import { loadImage } from '../../src/build/load-image.ts';
import { openStore } from '../../src/image/layout/store.ts';
import type { RunTool, ToolRun } from '../../src/lib/run-tool.ts';
import type { PipelineContext } from '../../src/model/context.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import { makeImage, temporaryFolder } from '../fakes/layouts.ts';

const OLD = digestOf('the image before');
const BASE = digestOf('the base');

/** A Docker that has images by name, and gives each `docker load` the next of these answers. */
function docker(
  images: Record<string, { readonly id: Digest; readonly layers?: readonly Digest[] }>,
  answers: { readonly stderr?: string; readonly tagFails?: string }[],
  id: Digest,
): { readonly run: RunTool; readonly calls: string[] } {
  const calls: string[] = [];
  let tagFails: string | undefined;
  const reply = (exitCode: number, stdout = '', stderr = '') =>
    ({ ended: 'exit', exitCode, stdout, stderr }) as const;
  const run = async ({ args, stdin }: ToolRun): ReturnType<RunTool> => {
    const [verb = '', ...rest] = args;
    if (verb === 'image') {
      const found = rest.slice(3).flatMap((name) => {
        const image = images[name] ?? Object.values(images).find((one) => one.id === name);
        const row = { Id: image?.id, RepoTags: [name], RootFS: { Layers: image?.layers ?? [] } };
        return image === undefined ? [] : [JSON.stringify(row)];
      });
      return reply(1, found.join('\n'), 'Error: No such image');
    }
    calls.push(verb === 'tag' ? args.join(' ') : verb);
    if (verb === 'load') {
      let bytes = 0;
      for await (const chunk of stdin as AsyncIterable<Uint8Array>) bytes += chunk.length;
      expect(bytes).toBeGreaterThan(0);
      const answer = answers.shift();
      tagFails = answer?.tagFails;
      if (answer?.stderr !== undefined) return reply(1, '', answer.stderr);
      return reply(0, `Loaded image ID: ${id}\n`);
    }
    if (verb !== 'tag') throw new Error(`docker ${args.join(' ')}`);
    const [from = '', to = ''] = rest;
    if (to === tagFails) return reply(1, '', 'Error response from daemon: no space left on device');
    images[to] = { id: from as Digest };
    return reply(0);
  };
  return { run, calls };
}

const FULL = 'write /var/lib/docker/x: no space left on device';
const MISSING = `content digest ${BASE}: not found`;

test.each([
  { what: 'a full disk', answers: [{ stderr: FULL }], says: 'no space left', calls: ['load'] },
  {
    what: 'a blob that is missing, and a whole stream that fails too',
    answers: [{ stderr: MISSING }, { stderr: 'unexpected EOF' }],
    says: 'unexpected EOF',
    calls: ['load', 'load'],
  },
  {
    what: 'a name that cannot be moved',
    answers: [{ tagFails: 'docker.io/library/app:2' }],
    says: 'no space left on device',
    calls: ['load', 'tag NEW docker.io/library/app:1', 'tag NEW docker.io/library/app:2'],
  },
  {
    what: 'a blob that is missing',
    answers: [{ stderr: MISSING }, {}],
    says: undefined,
    calls: ['load', 'load', 'tag NEW docker.io/library/app:1', 'tag NEW docker.io/library/app:2'],
  },
])('$what: no name is lost or stands for a part of an image', async (row) => {
  const store = await openStore(temporaryFolder());
  const { manifest, diffIds } = await makeImage(store.blobs, [{ a: '1' }, { b: '2' }]);
  const names = ['docker.io/library/app:1', 'docker.io/library/app:2'];
  const images: Parameters<typeof docker>[0] = {
    base: { id: BASE, layers: diffIds.slice(0, 1) },
    'docker.io/library/app:1': { id: OLD },
    'docker.io/library/app:2': { id: OLD },
  };
  const engine = docker(images, [...row.answers], manifest.digest);
  const context = {
    run: engine.run,
    emit: () => undefined,
    signal: new AbortController().signal,
  } as unknown as PipelineContext;
  const loaded = loadImage(context, { store, index: manifest, names, bases: ['base'] });
  if (row.says === undefined) expect((await loaded).already).toBe(false);
  else await expect(loaded).rejects.toThrow(row.says);
  expect(engine.calls).toEqual(
    row.calls.map((call) => call.replace('NEW', String(manifest.digest))),
  );
  const moved = row.calls.length - row.calls.filter((call) => call === 'load').length;
  const done = row.says === undefined ? 2 : Math.max(0, moved - 1);
  expect(names.map((name) => images[name]?.id)).toEqual(
    names.map((_, i) => (i < done ? manifest.digest : OLD)),
  );
});
