import { describe, expect, test } from 'vitest';
import { buildSecrets } from '../../src/criteria/secrets-by-file.ts';
import { fixed } from './support.ts';

const RUN =
  'RUN --mount=type=secret,id=NPM_TOKEN,required=true export NPM_TOKEN="$(cat /run/secrets/NPM_TOKEN)" &&';

describe('build-secrets', () => {
  test.each([
    [
      'one RUN that names it',
      'FROM a\nARG NPM_TOKEN\nRUN echo $NPM_TOKEN > x\nRUN y\n',
      `FROM a\n${RUN} echo $NPM_TOKEN > x\nRUN y\n`,
    ],
    [
      'npm reads it by .npmrc',
      'FROM a\r\nARG NPM_TOKEN\r\nCOPY .npmrc .\r\nRUN --network=host npm ci\r\n',
      `FROM a\r\nCOPY .npmrc .\r\nRUN --network=host ${RUN.slice(4)} npm ci\r\n`,
    ],
    [
      'two RUNs',
      'FROM a\nARG NPM_TOKEN\nRUN npm ci\nRUN npm run build\n',
      `FROM a\n${RUN} npm ci\n${RUN} npm run build\n`,
    ],
    [
      'between other names, first',
      'FROM a\nARG NPM_TOKEN A=1 B\nRUN npm ci\n',
      `FROM a\nARG A=1 B\n${RUN} npm ci\n`,
    ],
    [
      'between other names, last',
      'FROM a\nARG A=1 NPM_TOKEN\nRUN npm ci\n',
      `FROM a\nARG A=1\n${RUN} npm ci\n`,
    ],
  ])('%s', async (_, before, after) => {
    expect(await fixed(buildSecrets, before)).toMatchObject({
      text: after,
      refusals: [],
      again: [],
    });
  });

  test.each([
    ['ok-no secret', 'FROM a\nARG VERSION\nRUN echo $VERSION\n'],
    ['ok-before FROM', 'ARG NPM_TOKEN\nFROM a\n'],
    ['ok-unreached', 'FROM a AS x\nARG NPM_TOKEN\nRUN npm ci\nFROM a\n'],
    [
      'ok-ignored',
      'FROM a\n# scoville: ignore=secret-in-arg a dummy for tests\nARG NPM_TOKEN\nRUN npm ci\n',
    ],
  ])('%s', async (_, text) => {
    expect(await fixed(buildSecrets, text)).toMatchObject({ text, ids: [], refusals: [] });
  });

  test.each([
    [
      'ARG NPM_TOKEN=abc\nRUN npm ci',
      'it has a default, which is in every image’s history: take it out and replace the secret',
    ],
    ['ARG NPM_TOKEN\nENV NPM_TOKEN=$NPM_TOKEN\nRUN npm ci', 'line 3 puts it into the image'],
    ['ARG NPM_TOKEN\nRUN make', 'no RUN is known to read it'],
    ['ARG NPM_TOKEN\nARG NPM_TOKEN A=1\nRUN npm ci', 'line 3 declares it again'],
    ['ARG NPM_TOKEN\nUSER node\nRUN npm ci', 'line 4 runs as node, who may not read the mount'],
    ['ARG NPM_TOKEN\nRUN ["npm", "ci"]', 'line 3 is in exec form'],
    ['ARG NPM_TOKEN\nRUN <<E\nnpm ci\nE', 'line 3 contains a here-document'],
  ])('refused: %s', async (lines, reason) => {
    const text = `FROM a\n${lines}\n`;
    const found = await fixed(buildSecrets, text);
    expect([found.text, found.refusals]).toEqual([
      text,
      [`2: NPM_TOKEN stays a build argument: ${reason}`],
    ]);
  });
});
