import { describe, expect, test } from 'vitest';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import { parseDockerfile } from './parse-dockerfile.ts';

const EVIL = 'localhost:5000/f:1';

function foreign(text: string, buildArgs: Readonly<Record<string, string>> = {}): unknown {
  const read = analyseDockerfile(text, { buildArgs });
  return read.ok ? [read.value.model.foreignFrontend, read.value.analysis.partial] : read.error;
}
const REASON = `the frontend ${EVIL} reads this Dockerfile, and may read it otherwise than Docker’s own`;

describe('a frontend that is not Docker’s own leaves what the Dockerfile means open', () => {
  test.each([
    `# syntax=${EVIL}\nFROM scratch\n`,
    `#syntax = ${EVIL} more words\nFROM scratch\n`,
    `#!/usr/bin/env x\n# SYNTAX=${EVIL}\nFROM scratch\n`,
    `# escape=\\\n# syntax=${EVIL}\nFROM scratch\n`,
    `# check=skip=all\n# syntax=${EVIL}\nFROM scratch\n`,
    `\uFEFF# syntax=${EVIL}\nFROM scratch\n`,
    // Newer BuildKits skip all that Unicode takes for a blank.
    `#\u000bsyntax=${EVIL}\nFROM scratch\n`,
    `#\u00a0syntax=${EVIL}\nFROM scratch\n`,
    `#\u0085syntax=\f${EVIL}\nFROM scratch\n`,
    `# syntax=${EVIL}\n# syntax=docker/dockerfile:1\nFROM scratch\n`,
  ])('%j', (text) => {
    expect(foreign(text)).toEqual([EVIL, REASON]);
  });

  test('named by the build argument, which counts before the file', () => {
    expect(foreign('FROM scratch\n', { BUILDKIT_SYNTAX: EVIL })).toEqual([EVIL, REASON]);
    const text = '# syntax=docker/dockerfile:1\nFROM scratch\n';
    expect(foreign(text, { BUILDKIT_SYNTAX: `${EVIL} words` })).toEqual([EVIL, REASON]);
    const dockers = { BUILDKIT_SYNTAX: 'docker/dockerfile:1' };
    expect(foreign(`# syntax=${EVIL}\nFROM scratch\n`, dockers)).toEqual([undefined, undefined]);
    const named = parseDockerfile('FROM scratch\n', { buildArgs: { BUILDKIT_SYNTAX: EVIL } });
    expect(named.ok && named.value.externalImages.map(({ text: name }) => name)).toEqual([EVIL]);
  });

  test('named behind //, which no reader of Dockerfiles takes for a comment', () => {
    expect(foreign(`// syntax=${EVIL}\nFROM scratch\n`)).toEqual({
      line: 1,
      message: 'unknown instruction: //',
    });
  });

  test('recorded in a provenance', () => {
    const read = analyseDockerfile('FROM scratch\n', { built: true, frontend: EVIL });
    expect(read.ok && read.value.analysis.partial).toBe(REASON);
  });
});

test.each([
  'FROM scratch\n',
  '# syntax=docker/dockerfile:1.7@sha256:0000\nFROM scratch\n',
  '# syntax=docker.io/docker/dockerfile-upstream:master\nFROM scratch\n',
  `# a comment\n# syntax=${EVIL}\nFROM scratch\n`,
  `\n# syntax=${EVIL}\nFROM scratch\n`,
  `FROM scratch\n# syntax=${EVIL}\n`,
])('%j is read by Docker’s own', (text) => {
  expect(foreign(text)).toEqual([undefined, undefined]);
});

test('a blank that not every BuildKit takes for one is refused before an escape', () => {
  expect(foreign('#\u00a0escape=`\nFROM scratch\n')).toEqual({
    line: 1,
    message: 'a blank around escape that not every BuildKit takes for one',
  });
});
