import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import type { DockerfileOptions } from '../../src/dockerfile/read-dockerfile.ts';
import type { DockerfileModel } from '../../src/model/dockerfile.ts';
import { formatReference } from '../../src/model/reference.ts';
import { cpuMs } from '../cpu-time.ts';
import { parseDockerfile } from './parse-dockerfile.ts';
import { pieces } from './pieces.ts';

function modelOf(text: string, options: DockerfileOptions = {}): DockerfileModel {
  const parsed = parseDockerfile(text, options);
  if (!parsed.ok) throw new Error(`line ${parsed.error.line}: ${parsed.error.message}`);
  return parsed.value;
}

/** Images from outside as `kind text stage:line`. */
function images(text: string, options: DockerfileOptions = {}): readonly string[] {
  return modelOf(text, options).externalImages.map((image) => {
    const known = image.reference === undefined ? ' ?' : '';
    const stage = image.stage === undefined ? '' : ` in ${image.stage}`;
    return `${image.kind} ${image.text}${known}${stage}`;
  });
}

describe('images from outside', () => {
  test.each([
    ['FROM node:22 AS a\nFROM a\nFROM scratch', [] as string[]],
    ['FROM node:22 AS A\nFROM a', ['from node:22 in a']],
    ['  FROM  --platform=linux/amd64   x\n', ['from x in 0']],
    ['ARG V=22\nARG I=node:$V\nFROM $I', ['from node:22 in 0']],
    ['ARG V\nFROM node:${V:-20}', ['from node:20 in 0']],
    ['FROM a\nCOPY --from=nginx:1 /x /y', ['from a in 0', 'copy-from nginx:1 in 0']],
    ['FROM a AS b\nFROM c\nCOPY --from=b / /\nCOPY --from=0 / /', ['from a in b', 'from c in 1']],
    [
      'FROM a\nRUN --mount=type=bind,from=x/y:1,target=/z true',
      ['from a in 0', 'mount-from x/y:1 in 0'],
    ],
    ['FROM a AS b\nFROM c\nRUN --mount=from=b,target=/z true', ['from a in b', 'from c in 1']],
    ['# syntax=docker/dockerfile:1\nFROM a', ['syntax docker/dockerfile:1', 'from a in 0']],
    ['# comment\n# syntax=docker/dockerfile:1\nFROM a', ['from a in 0']],
    ['FROM a\nONBUILD COPY --from=b / /', ['from a in 0']],
    ['FROM a/UPPER', ['from a/UPPER ? in 0']],
  ])('%j', (text, expected) => {
    expect(images(text)).toEqual(expected);
  });

  test('build args decide, and a variable without a value is unknown', () => {
    const text = 'ARG BASE\nFROM ${BASE}';
    expect(images(text, { buildArgs: { BASE: 'debian:13' } })).toEqual(['from debian:13 in 0']);
    expect(modelOf(text).stages[0]?.base).toEqual({ kind: 'unknown', text: '${BASE}' });
  });

  test('stage ARGs do not reach FROM, global ones reach a stage only when declared', () => {
    const model = modelOf('ARG V=1\nFROM a\nARG W=2\nRUN echo $V $W\nARG V\nRUN echo $V');
    expect(
      model.stages[0]?.instructions.map((i) => i.commands[0]?.words.map((w) => w.value)),
    ).toEqual([undefined, ['echo', undefined, '2'], undefined, ['echo', '1']]);
    expect(modelOf('FROM a\nARG W=x\nFROM $W').stages[1]?.base.kind).toBe('unknown');
  });

  test('platform args are known where they are given', () => {
    const text = 'FROM --platform=$BUILDPLATFORM a-$TARGETARCH\nARG TARGETOS\nLABEL os=$TARGETOS';
    const model = modelOf(text, {
      platformArgs: { BUILDPLATFORM: 'linux/arm64', TARGETARCH: 'amd64', TARGETOS: 'linux' },
    });
    expect(model.stages[0]?.platform).toBe('linux/arm64');
    expect(model.externalImages[0]?.text).toBe('a-amd64');
    expect(model.stages[0]?.instructions[1]?.arguments).toEqual(['os=linux']);
  });

  test('named contexts stand in for images', () => {
    const buildContexts = { base: 'docker-image://localhost:5000/base:1', src: './src' };
    const model = modelOf('FROM base\nCOPY --from=src / /', { buildContexts });
    expect(model.externalImages.map((i) => i.reference && formatReference(i.reference))).toEqual([
      'localhost:5000/base:1',
    ]);
  });
});

describe('stages', () => {
  const text =
    'FROM a AS one\nFROM b AS two\nFROM one AS three\nCOPY --from=two / /\nFROM c AS four';

  test('the target reaches what it needs', () => {
    expect(modelOf(text).reached).toEqual([3]);
    expect(modelOf(text, { target: 'three' }).reached).toEqual([0, 1, 2]);
    expect(modelOf(text, { target: 'THREE' }).stages[2]?.needs).toEqual([0, 1]);
    expect(modelOf(text, { target: '1' }).target).toBe(1);
    expect(parseDockerfile(text, { target: 'nine' })).toEqual({
      ok: false,
      error: { message: 'target stage "nine" could not be found', line: 1 },
    });
  });

  test('a stage inherits ENV, ARG, SHELL and WORKDIR', () => {
    const model = modelOf(
      'FROM a AS x\nARG V=1\nENV W=2\nSHELL ["pwsh"]\nFROM x\nLABEL l=$V$W\nRUN y',
    );
    expect(model.stages[1]?.instructions[0]?.arguments).toEqual(['l=12']);
    expect(model.stages[1]?.instructions[1]?.shellError).toBe(
      'RUN goes through pwsh, no POSIX shell',
    );
  });
});

describe('instructions', () => {
  test('flags, arguments and here-documents', () => {
    const model = modelOf(
      [
        'FROM a',
        'ENV A=1 B="two words" C=$A',
        'ENV OLD some text',
        'COPY --link --chown=1:1 ["a b", "/c/"]',
        'COPY <<EOF /f',
        'hi',
        'EOF',
        'RUN --network=none ["x", "y z"]',
        'CMD run $A',
        'USER app:app',
        'LABEL a.b="c d"',
      ].join('\n'),
    );
    const instructions = model.stages[0]?.instructions ?? [];
    expect(instructions.map((i) => [i.keyword, i.arguments])).toEqual([
      ['ENV', ['A=1', 'B=two words', 'C=$A']],
      ['ENV', ['OLD=some text']],
      ['COPY', ['a b', '/c/']],
      ['COPY', ['<<EOF', '/f']],
      ['RUN', ['x', 'y z']],
      ['CMD', ['run $A']],
      ['USER', ['app:app']],
      ['LABEL', ['a.b=c d']],
    ]);
    expect(instructions[2]?.flags).toEqual([
      { name: 'link', value: '' },
      { name: 'chown', value: '1:1' },
    ]);
    expect(instructions[3]?.heredocs).toEqual([{ delimiter: 'EOF', content: 'hi\n' }]);
    expect(instructions[4]?.commands.map((c) => c.words.map((w) => w.value))).toEqual([
      ['x', 'y z'],
    ]);
  });

  test('the commands of a RUN, with operators, places and what they write', () => {
    const model = modelOf('FROM a\nENV V=1\nRUN set -e; \\\n  x $V | y > f && (z $U) || w');
    const commands = model.stages[0]?.instructions[1]?.commands ?? [];
    expect(commands.map((c) => [c.words.map((w) => w.value), c.operator, c.writesTo])).toEqual([
      [['set', '-e'], ';', []],
      [['x', '1'], '|', []],
      [['y'], '&&', ['f']],
      [['z', undefined], '', []],
      [['w'], '', []],
    ]);
    expect(commands[1]?.range).toEqual({ startLine: 4, startColumn: 3, endLine: 4, endColumn: 7 });
  });
});

describe('what BuildKit refuses', () => {
  test.each([
    ['', 'the Dockerfile has no FROM: there is nothing to build', 1],
    ['RUN x', 'no build stage in current context', 1],
    ['FROM a\nFORM b', 'unknown instruction: FORM', 2],
    ['FROM a b', 'FROM requires either one or three arguments', 1],
    ['FROM a IS b', 'FROM: expected AS, found IS', 1],
    ['FROM a\nRUN <<E\nx', 'unterminated heredoc', 2],
  ])('%j', (text, message, line) => {
    expect(parseDockerfile(text)).toEqual({ ok: false, error: { message, line } });
  });

  test('what is too large', () => {
    expect(parseDockerfile(`FROM a\n${'#'.repeat(1024 * 1024)}`).ok).toBe(false);
    expect(parseDockerfile(`FROM a\n${'RUN x\n'.repeat(5000)}`).ok).toBe(false);
  });
});

describe('hostile input', () => {
  test('any text ends in a model or an error', () => {
    const word = fc.constantFrom(...pieces('dockerfile'), '\0', '\u202e');
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => {
        const taken = cpuMs(() => analyseDockerfile(`FROM a\n${words.join('')}`));
        expect(taken).toBeLessThan(1000);
      }),
      { numRuns: 1500 },
    );
  });

  test.each([
    ['endless recursion', 'RUN f() { f; f; }; f'],
    [
      'loops in loops',
      `RUN ${'for i in 1 2 3 4 5 6 7 8 9; do '.repeat(12)} x; ${'done; '.repeat(12)}`,
    ],
    [
      'empty loops in loops',
      `RUN ${'for i in 1 2 3 4 5 6 7 8 9; do '.repeat(20)} x=1; ${'done; '.repeat(20)}`,
    ],
    [
      'doubling variables',
      `ENV A0=xxxxxxxxxx\n${Array.from({ length: 60 }, (_, i) => `ENV A${i + 1}=$A${i}$A${i}`).join('\n')}`,
    ],
    ['doubling in the shell', `RUN A=xxxxxxxxxx; ${'A="$A$A"; '.repeat(60)} echo $A`],
    ['eval of itself', `RUN X='eval "$X"'; eval "$X"`],
    [
      'many downloads',
      Array.from({ length: 900 }, (_, i) => `RUN curl -o f${i} http://x/${i}; sha256sum -c s`).join(
        '\n',
      ),
    ],
    ['many writes', `RUN ${'echo a >> f; '.repeat(3000)} sha256sum -c f`],
  ])('%s is bounded', (_name, text) => {
    const taken = cpuMs(() => {
      expect(analyseDockerfile(`FROM a\n${text}`).ok).toBe(true);
    });
    expect(taken).toBeLessThan(4000);
  });

  test('what was not judged is told', () => {
    const lines = Array.from({ length: 400 }, (_, i) => `RUN curl -o f${i} http://x/${i}`);
    const read = analyseDockerfile(`FROM a\n${lines.join('\n')}`);
    expect(read.ok && read.value.analysis.unread.map((u) => u.reason)).toEqual([
      'more downloads than are read',
      'more files, and copies of them, than are followed',
    ]);
  });
});

test.each([
  'COPY --from=x.org/a:1 /a /b',
  'RUN --mount=type=bind,from=x.org/a:1,target=/x cp /x/a /b',
])('counts the image of an ONBUILD step where a stage runs it: %s', (step) => {
  const images = (last: string): readonly string[] => {
    const read = analyseDockerfile(`FROM scratch AS a\nONBUILD ${step}\n${last}\n`);
    return read.ok ? read.value.model.externalImages.map(({ text }) => text) : [read.error.message];
  };
  expect(images('FROM a')).toEqual(['x.org/a:1']);
  expect(images('')).toEqual([]);
});
