import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../fakes/layouts.ts';
import { type Editor, edited, editorHere, editsByName, uriOf } from './editor.ts';

const BAD =
  'FROM node:22\nMAINTAINER Jane <jane@example.com>\nRUN apt-get update\nCMD node server.js\n';

let folder = '';
let editor: Editor;
let end: () => Promise<number>;
let asked: string[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  mkdirSync(join(folder, 'home'));
  mkdirSync(join(folder, 'app'));
  asked = [];
  vi.stubGlobal('fetch', (url: URL | string) => {
    asked.push(String(url));
    return Promise.reject(new TypeError('no network in this test'));
  });
  ({ editor, end } = editorHere(folder, join(folder, 'home')));
  await editor.initialize();
});
afterEach(async () => {
  await editor.shutDown();
  expect(await end()).toBe(0);
  vi.unstubAllGlobals();
});

const at = (path: string): string => join(folder, 'app', path);
const codes = (found: readonly { readonly code?: unknown }[]): unknown[] =>
  found.map(({ code }) => code);

describe('findings', () => {
  test('come when a Dockerfile is opened and after what was typed, each in its place', async () => {
    const uri = uriOf(at('Dockerfile'));
    await editor.open(uri, BAD);
    const found = await editor.found(uri, 1);
    expect(codes(found)).toEqual(
      expect.arrayContaining(['pinned-images', 'maintainer-deprecated', 'nonroot-user']) as unknown,
    );
    expect(found.find(({ code }) => code === 'pinned-images')).toMatchObject({
      source: 'scoville',
      severity: 2,
      range: { start: { line: 0, character: 5 }, end: { line: 0, character: 12 } },
    });
    await editor.type(uri, 2, 'FROM scratch\nRUNN\n');
    const next = await editor.found(uri, 2);
    expect(codes(next)).toEqual(['parse-error']);
    expect(next[0]?.range.start).toEqual({ line: 1, character: 0 });
    expect(asked).toEqual([]);
  });

  test('count in UTF-16 units, whatever stands before them', async () => {
    const uri = uriOf(at('Dockerfile'));
    await editor.open(uri, 'FROM scratch\nRUN echo "😀" && sudo true\n');
    const sudo = (await editor.found(uri, 1)).find(({ code }) => code === 'sudo');
    expect(sudo?.range.start).toEqual({ line: 1, character: 17 });
  });

  test('follow the settings of the folder of the file, and their change', async () => {
    writeFileSync(at('.scoville.yaml'), 'trust: { images: [registry.example.com/base] }\n');
    const uri = uriOf(at('Dockerfile'));
    const text = 'FROM registry.example.com/base:1\nUSER 65532\n';
    await editor.open(uri, text);
    expect(codes(await editor.found(uri, 1))).not.toContain('trusted-source');
    writeFileSync(at('.scoville.yaml'), 'trust: { images: [] }\n');
    await editor.type(uri, 2, text);
    expect(codes(await editor.found(uri, 2))).toContain('trusted-source');
    writeFileSync(at('.scoville.yaml'), 'trust: nonsense\n');
    await editor.type(uri, 3, text);
    const [broken] = await editor.found(uri, 3);
    expect(broken?.message).toContain('.scoville.yaml:1:');
  });

  test('of a file that is too large, not saved, or not a Dockerfile', async () => {
    const large = uriOf(at('Dockerfile.large'));
    await editor.open(large, `FROM scratch\n${'#'.repeat(2 ** 20)}\n`);
    expect((await editor.found(large, 1)).map(({ message }) => message)).toEqual([
      'not checked: larger than 1 MiB',
    ]);
    await editor.open('untitled:Untitled-1', BAD);
    expect(codes(await editor.found('untitled:Untitled-1', 1))).toContain('pinned-images');
    await editor.open(uriOf(at('main.ts')), BAD, 'typescript');
    const last = uriOf(at('Containerfile'));
    await editor.open(last, 'FROM scratch\n', 'plaintext');
    await editor.found(last, 1);
    const hover = await editor.hover(uriOf(at('main.ts')), 0, 6);
    expect(hover).toBe(null);
  });
});

test('a hover explains the rule, and quotes nothing of the file', async () => {
  const uri = uriOf(at('Dockerfile'));
  await editor.open(uri, 'FROM evil.example/![x](https://evil.example/x.png)\nRUN true\n');
  await editor.open(uri, BAD);
  await editor.found(uri, 1);
  const hover = await editor.hover(uri, 0, 6);
  const { value } = hover?.contents as { value: string };
  expect(value).toContain('(pinned-images, level 3');
  expect(value).toContain('**How to fix it:**');
  expect(value).not.toContain('node:22\n');
  expect(await editor.hover(uri, 2, 0)).toBe(null);
});

describe('actions', () => {
  const everywhere = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } };

  test('are the edits of fix that the folder alone shows, each for its finding', async () => {
    writeFileSync(at('Dockerfile'), 'FROM scratch\n');
    const uri = uriOf(at('Dockerfile'));
    await editor.open(uri, BAD);
    const found = await editor.found(uri, 1);
    const one = found.filter(({ code }) => code === 'maintainer-deprecated');
    const [action, ...others] = await editor.actions(uri, one[0]?.range ?? everywhere, one);
    expect(others).toEqual([]);
    expect([action?.kind, codes(action?.diagnostics ?? [])]).toEqual([
      'quickfix',
      ['maintainer-deprecated'],
    ]);
    const { Dockerfile: edits = [] } = editsByName(action?.edit);
    expect(edited(BAD, edits)).toBe(
      BAD.replace(
        /MAINTAINER.*/,
        'LABEL org.opencontainers.image.authors="Jane <jane@example.com>"',
      ),
    );
    expect(asked).toEqual([]);
  });

  test('name the ignore file, and make it where there is none', async () => {
    writeFileSync(at('.env'), 'A=b\n');
    writeFileSync(at('Dockerfile'), '');
    const uri = uriOf(at('Dockerfile'));
    await editor.open(uri, 'FROM scratch\nCOPY . /app\nUSER 65532\n');
    await editor.found(uri, 1);
    const copy = { start: { line: 1, character: 2 }, end: { line: 1, character: 2 } };
    const actions = await editor.actions(uri, copy, []);
    const edit = editsByName(actions.find(({ title }) => title.includes('.env'))?.edit);
    expect(Object.keys(edit)).toEqual(['+.dockerignore', '.dockerignore']);
    expect(edit['.dockerignore']?.[0]?.newText).toContain('.env\n');
  });

  test('that need a registry say so, and ask it only when they are chosen', async () => {
    writeFileSync(at('Dockerfile'), '');
    const uri = uriOf(at('Dockerfile'));
    await editor.open(uri, 'FROM registry.invalid/node:22\nUSER 65532\n');
    const found = await editor.found(uri, 1);
    const pins = found.filter(({ code }) => code === 'pinned-images');
    const [action] = await editor.actions(uri, everywhere, pins);
    expect(action?.title).toContain('asks the registry');
    expect(asked).toEqual([]);
    await editor.connection.sendRequest('workspace/executeCommand', action?.command);
    expect(editor.applied).toEqual([]);
    expect(editor.shown.join()).toContain('pinned-images: ');
    const unknown = { command: 'scoville.fix', arguments: [uri, 'nothing'] };
    await editor.connection.sendRequest('workspace/executeCommand', unknown);
    expect(editor.shown).toHaveLength(1);
  });

  test('all of low risk in one, where the editor asks for that alone', async () => {
    writeFileSync(at('Dockerfile'), '');
    const uri = uriOf(at('Dockerfile'));
    await editor.open(uri, BAD);
    await editor.found(uri, 1);
    const [all, ...others] = await editor.actions(uri, everywhere, [], ['source.fixAll']);
    expect([all?.kind, others]).toEqual(['source.fixAll.scoville', []]);
    const { Dockerfile: edits = [] } = editsByName(all?.edit);
    expect(edits).toHaveLength(1);
    const text = edited(BAD, edits);
    expect(text).toContain('LABEL org.opencontainers.image.authors=');
    expect(text).not.toContain('MAINTAINER');
  });

  test('are none where the file is not a Dockerfile yet', async () => {
    writeFileSync(at('Dockerfile'), '');
    const uri = uriOf(at('Dockerfile'));
    await editor.open(uri, 'FRO\n');
    const found = await editor.found(uri, 1);
    expect(await editor.actions(uri, everywhere, found)).toEqual([]);
  });
});
