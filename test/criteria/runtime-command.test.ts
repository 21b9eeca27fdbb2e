import { expect, test } from 'vitest';
import { runtimeStage } from '../../src/criteria/no-shell.ts';
import { withBase } from './bases.ts';
import { DISTROLESS, fixed } from './support.ts';

const TEXT = 'FROM node:22\nWORKDIR app\nCOPY . .\nCMD ["node", "server.js"]\n';

test('runtime-stage: a relative folder leads from the root, wherever this program runs', async () => {
  const { text } = await fixed(runtimeStage, TEXT, { facts: { digests: DISTROLESS } });
  expect(text.split('\n').filter((line) => /^(?:WORKDIR|COPY --from)/.test(line))).toEqual([
    'WORKDIR app',
    'COPY --from=build /runtime/ /',
    'WORKDIR /app',
    'COPY --from=build /app /app',
  ]);
});

test('runtime-stage: and from the folder that the base works in', async () => {
  const { facts } = withBase({ folder: '/srv' });
  const [base] = [...(facts.bases?.values() ?? [])];
  const bases = new Map(base === undefined ? [] : [['docker.io/library/node:22', base]]);
  const { text } = await fixed(runtimeStage, TEXT, { facts: { bases, digests: DISTROLESS } });
  expect(text.split('\n').filter((line) => /^(?:WORKDIR|COPY --from)/.test(line))).toEqual([
    'WORKDIR app',
    'COPY --from=build /runtime/ /',
    'WORKDIR /srv/app',
    'COPY --from=build /srv/app /srv/app',
  ]);
});
