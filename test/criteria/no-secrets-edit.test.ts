import { describe, expect, test } from 'vitest';
import { ignoreFile, ownFiles } from '../../src/criteria/no-secrets/edit.ts';
import { fixed } from './support.ts';

const ALL = 'FROM a\nCOPY . /app\nRUN npm ci\n';
const context = ['.env', '.env.example', '.git', 'Dockerfile', 'node_modules', 'server.key'];

describe('ignore-file', () => {
  test.each([
    ['a new file', undefined, '.git\nnode_modules\n.env\n**/*.key\n'],
    [
      'what is missing',
      '.git\n# ours\nnode_modules/\n',
      '.git\n# ours\nnode_modules/\n.env\n**/*.key\n',
    ],
    ['no last line end', 'a', 'a\n.git\nnode_modules\n.env\n**/*.key\n'],
    ['CRLF', 'a\r\n', 'a\r\n.git\r\nnode_modules\r\n.env\r\n**/*.key\r\n'],
    ['other spellings', '/.git\n**/node_modules\n*.key\n', '/.git\n**/node_modules\n*.key\n.env\n'],
    [
      'let in again on purpose',
      '!.env\nserver.key\n.git/\n',
      '!.env\nserver.key\n.git/\nnode_modules\n',
    ],
  ])('%s', async (_, before, after) => {
    const found = await fixed(ignoreFile, ALL, {
      facts: { context },
      ...(before === undefined ? {} : { ignoreFile: before }),
    });
    expect(found).toMatchObject({ text: ALL, ignoreFile: after, refusals: [], again: [] });
  });

  test.each([
    ['ok-nothing there', ALL, ['Dockerfile'], undefined],
    ['ok-everything kept out', ALL, context, '*\n!src\n'],
    ['ok-only a folder is copied', 'FROM a\nCOPY src /app\n', context, undefined],
    ['ok-of another stage', 'FROM a\nCOPY --from=b . /app\n', context, undefined],
    ['ok-context not known', ALL, undefined, undefined],
    ['ok-modules are brought along', 'FROM a\nCOPY . /app\n', ['node_modules'], undefined],
  ])('%s', async (_, text, names, file) => {
    const found = await fixed(ignoreFile, text, {
      facts: { context: names },
      ...(file === undefined ? {} : { ignoreFile: file }),
    });
    expect(found).toMatchObject({ ids: [], ignoreFile: file });
  });

  test('refused: what is copied by name, and a repository that is read', async () => {
    const text = 'FROM a\nCOPY . /app\nCOPY .env /app/\nRUN git describe > /v\n';
    const found = await fixed(ignoreFile, text, { facts: { context: ['.env', '.git'] } });
    expect(found.refusals).toEqual([
      '1: .git stays in the context: a RUN reads it',
      '1: .env stays in the context: the Dockerfile copies it by name',
    ]);
    expect(found.ids).toEqual([]);
  });
});

describe('own-files', () => {
  const all = 'Dockerfile*\n.dockerignore\n.scoville.yaml\nscoville.lock\nseccomp.json\n';

  test.each([
    ['before they are there', 'FROM a\nCOPY . /app\n', ['Dockerfile'], undefined, all],
    ['in a stage that builds', 'FROM a\nADD ./ /\nFROM b\n', ['Dockerfile'], undefined, all],
    [
      'what is missing, in any spelling',
      'FROM a\nCOPY . /app\n',
      ['Dockerfile'],
      'a\n/Dockerfile\n.scoville.*\n*.lock',
      'a\n/Dockerfile\n.scoville.*\n*.lock\n.dockerignore\nseccomp.json\n',
    ],
    [
      'but what is copied by name',
      'FROM a\nCOPY . /app\nCOPY scoville.* seccomp.json /etc/\n',
      ['Dockerfile'],
      undefined,
      'Dockerfile*\n.dockerignore\n.scoville.yaml\n',
    ],
    [
      'but what a RUN reads',
      'FROM a\nCOPY . /app\nRUN cat Dockerfile\n',
      ['Dockerfile'],
      undefined,
      all.replace('Dockerfile*\n', ''),
    ],
    [
      'only what is there, away from the Dockerfile',
      'FROM a\nCOPY . /app\n',
      ['scoville.lock'],
      undefined,
      'scoville.lock\n',
    ],
    [
      'nothing where all is kept out',
      'FROM a\nCOPY . /app\n',
      ['Dockerfile'],
      '*\n!src\n',
      '*\n!src\n',
    ],
    [
      'nothing where a folder is copied',
      'FROM a\nCOPY src /app\n',
      ['Dockerfile'],
      undefined,
      undefined,
    ],
  ])('keeps out %s', async (_, text, names, before, after) => {
    const found = await fixed(ownFiles, text, {
      facts: { context: names },
      ...(before === undefined ? {} : { ignoreFile: before }),
    });
    expect(found).toMatchObject({ text, again: [] });
    expect(found.ignoreFile).toBe(after);
  });
});
