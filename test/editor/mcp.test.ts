import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mcp } from '../../src/editor/mcp.ts';
import { useNetwork } from '../../src/lib/fetch.ts';
import { fakeIo } from '../cli/command-io.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const BAD =
  'FROM node:22\nMAINTAINER Jane <jane@example.com>\nENV API_KEY=sk_live_0123456789abcdefABCDEF12\n';

let folder = '';
let client: Client;
let end: () => Promise<number>;

beforeEach(async () => {
  folder = temporaryFolder();
  mkdirSync(join(folder, 'app'));
  writeFileSync(join(folder, 'app/Dockerfile'), BAD);
  // As `main` does for each command.
  vi.stubGlobal('fetch', globalThis.fetch);
  useNetwork({}, folder);
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  const { io } = fakeIo({
    stdin: toServer,
    writeOut: (text) => void toClient.write(text),
    cwd: join(folder, 'app'),
    env: { SCOVILLE_HOME: join(folder, 'home'), PATH: process.env['PATH'] },
  });
  const ended = mcp([], io);
  client = new Client({ name: 'test', version: '1' });
  // Both ends speak lines.
  await client.connect(new StdioServerTransport(toClient, toServer));
  end = async () => {
    toServer.end();
    return ended;
  };
});
afterEach(async () => {
  expect(await end()).toBe(0);
  vi.unstubAllGlobals();
});

/** What a tool answers: its texts, and whether it is an error. */
async function call(name: string, args: object): Promise<{ texts: string[]; isError: boolean }> {
  const answer = await client.callTool({ name, arguments: { ...args } });
  const content = answer.content as readonly { text: string }[];
  return { texts: content.map(({ text }) => text), isError: answer.isError === true };
}

test('there are four tools, and each says that it only reads', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['lint', 'explain', 'fix', 'grade']);
  for (const { annotations } of tools)
    expect(annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false });
  expect(client.getInstructions()).toContain('Nothing is written');
});

describe('lint', () => {
  test('finds the problems of a folder, a file or a text', async () => {
    const whole = await call('lint', {});
    const { files } = JSON.parse(whole.texts[0] ?? '') as {
      files: { name: string; findings: { rule: string }[] }[];
    };
    expect(files.map(({ name }) => name)).toEqual(['Dockerfile']);
    expect(files[0]?.findings.map(({ rule }) => rule)).toContain('pinned-images');
    expect((await call('lint', { path: 'Dockerfile' })).isError).toBe(false);
    const text = await call('lint', { text: 'FROM scratch\nRUNN\n' });
    expect(text.texts[0]).toContain('parse-error');
  });

  test('reads nothing out of the folder, by a path or over a link', async () => {
    writeFileSync(join(folder, 'secret'), 'password\n');
    symlinkSync(join(folder, 'secret'), join(folder, 'app/Dockerfile.link'));
    for (const path of ['../secret', join(folder, 'secret'), 'Dockerfile.link', '/etc/passwd']) {
      const { texts, isError } = await call('lint', { path });
      expect([path, isError, texts.join()]).toEqual([
        path,
        true,
        expect.stringContaining('is not below the folder') as string,
      ]);
    }
    const { texts } = await call('lint', { path: 'compose.yaml' });
    expect(texts.join()).toContain('is not a Dockerfile');
  });

  test('takes a path for no flag', async () => {
    writeFileSync(join(folder, 'app/--json.Dockerfile'), 'FROM scratch\n');
    const { texts } = await call('lint', { path: '--json.Dockerfile' });
    expect(texts[0]).toContain('"name": "./--json.Dockerfile"');
  });
});

test('explain says what an id means, and which ids are near', async () => {
  const known = await call('explain', { ids: ['no-shell'] });
  expect(JSON.parse(known.texts[0] ?? '')).toMatchObject([{ id: 'no-shell' }]);
  const unknown = await call('explain', { ids: ['no-shel'] });
  expect([unknown.isError, unknown.texts.join()]).toEqual([
    true,
    expect.stringContaining('did you mean no-shell?') as string,
  ]);
  expect((await call('explain', { ids: ['--help'] })).isError).toBe(true);
});

test('fix shows edits, writes nothing, prints no secret and asks no registry', async () => {
  const { texts, isError } = await call('fix', {
    only: ['maintainer', 'pin-images', 'no-secrets'],
  });
  expect([isError, isError ? texts : []]).toEqual([false, []]);
  const { diff, written } = JSON.parse(texts[0] ?? '') as { diff: string; written: unknown[] };
  expect(diff).toContain('+LABEL org.opencontainers.image.authors=');
  expect(written).toEqual([]);
  expect(texts.join()).toContain('was not asked: no network in this call');
  expect(texts.join()).not.toContain('sk_live_0123456789abcdefABCDEF12');
  expect(readFileSync(join(folder, 'app/Dockerfile'), 'utf8')).toBe(BAD);
});

test('grade takes no flag, no other folder, and no registry without a word', async () => {
  expect((await call('grade', { image: '--help' })).texts.join()).toContain('Invalid');
  for (const kind of ['oci', 'oci-archive', 'docker-archive', 'dir', 'rootfs']) {
    const outside = await call('grade', { image: `${kind}:${folder}/x.tar` });
    expect(outside.texts.join()).toContain('is not below the folder');
  }
  const missing = await call('grade', { image: 'registry:registry.invalid/app:1' });
  expect([missing.isError, missing.texts.join()]).toEqual([
    true,
    expect.stringContaining('no network in this call') as string,
  ]);
});
