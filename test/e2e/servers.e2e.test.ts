import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Editor, uriOf } from '../editor/editor.ts';
import { CLI } from './harness.ts';
import { folderHere } from './workplace.ts';

const TEXT = 'FROM node:22\nMAINTAINER Jane\n';
const folder = folderHere('servers');
const file = join(folder, 'Dockerfile');
/** A proxy that answers nobody, and counts who comes. */
let asked = 0;
const proxy = createServer((socket) => {
  asked += 1;
  socket.destroy();
});
let env: Record<string, string> = {};

beforeAll(async () => {
  writeFileSync(file, TEXT);
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  const address = proxy.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const at = `http://127.0.0.1:${port ?? 0}`;
  env = {
    PATH: process.env['PATH'] ?? '',
    SCOVILLE_HOME: join(folder, 'home'),
    HTTPS_PROXY: at,
    HTTP_PROXY: at,
  };
});
afterAll(() => {
  proxy.close();
});

describe('scoville lsp, as an editor starts it', () => {
  function start(...words: readonly string[]) {
    const child = spawn(process.execPath, [CLI, 'lsp', ...words], { cwd: folder, env });
    const ended = new Promise<number | null>((done) => {
      child.on('exit', done);
    });
    return { child, ended, editor: new Editor(child.stdout, child.stdin) };
  }

  test('finds, explains, offers edits without a network, and ends when it is told', async () => {
    const { ended, editor } = start('--stdio');
    const { serverInfo } = (await editor.initialize()) as { serverInfo: { name: string } };
    expect(serverInfo.name).toBe('scoville');
    const uri = uriOf(file);
    await editor.open(uri, TEXT);
    const found = await editor.found(uri, 1);
    expect(found.map(({ code }) => code)).toContain('maintainer-deprecated');
    expect(await editor.hover(uri, 1, 2)).not.toBe(null);
    const everywhere = { start: { line: 0, character: 0 }, end: { line: 2, character: 0 } };
    const actions = await editor.actions(uri, everywhere, found);
    expect(actions.filter(({ edit }) => edit !== undefined)).not.toEqual([]);
    expect(asked).toBe(0);
    // What needs a registry asks it, once it is chosen.
    const remote = actions.find(({ command }) => command !== undefined);
    await editor.connection.sendRequest('workspace/executeCommand', remote?.command);
    expect(asked).toBeGreaterThan(0);
    await editor.shutDown();
    await editor.connection.sendNotification('exit');
    expect(await ended).toBe(0);
  });

  test('ends with the editor', async () => {
    const { child, ended, editor } = start();
    await editor.initialize();
    child.stdin.end();
    expect(await ended).toBe(1);
  });

  test('ends at a signal', async () => {
    const { child, ended, editor } = start();
    await editor.initialize();
    child.kill('SIGTERM');
    expect(await ended).not.toBe(0);
  });
});

test('scoville mcp, as an agent starts it, asks the network only in a call that says so', async () => {
  asked = 0;
  const client = new Client({ name: 'agent', version: '1' });
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [CLI, 'mcp'], cwd: folder, env }),
  );
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['lint', 'explain', 'fix', 'grade']);
  const call = (name: string, args: Record<string, unknown>) =>
    client.callTool({ name, arguments: args });
  expect(await call('lint', {})).toMatchObject({ isError: false });
  expect(await call('explain', {})).toMatchObject({ isError: false });
  expect(await call('fix', {})).toMatchObject({ isError: false });
  const image = 'registry:registry.invalid/app:1';
  expect(await call('grade', { image })).toMatchObject({ isError: true });
  expect(asked).toBe(0);
  expect(await call('grade', { image, network: true })).toMatchObject({ isError: true });
  expect(asked).toBeGreaterThan(0);
  await client.close();
});

test('their libraries are chunks that no other command loads, and the bundle has no debugger', () => {
  const dist = join(CLI, '..');
  const withText = (text: string): readonly string[] =>
    readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .filter((name) => readFileSync(join(dist, name), 'utf8').includes(text))
      .map((name) => name.replace(/-[A-Z0-9]+\.js$/, ''));
  expect(withText('textDocument/didOpen')).toEqual(['chunks/lsp']);
  expect(withText('tools/call')).toEqual(['chunks/mcp']);
  const { components } = JSON.parse(readFileSync(join(dist, 'sbom.cdx.json'), 'utf8')) as {
    components: readonly { name: string }[];
  };
  const names = components.map(({ name }) => name);
  expect(names.filter((name) => name === 'string-width')).toHaveLength(1);
  expect(names.filter((name) => /^(?:ws|react-devtools-core|ajv)$/.test(name))).toEqual([]);
});
