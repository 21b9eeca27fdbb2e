import { describe, expect, test } from 'vitest';
import type { Instruction } from '../../src/model/dockerfile.ts';
import { parseDockerfile } from './parse-dockerfile.ts';

/*
 * What parser and instructions of BuildKit (Docker 26.1) make of each text, asked in their own
 * words: some 200,000 made-up Dockerfiles showed these to be the places in which it is easy to
 * differ.
 */

function read(text: string): readonly Instruction[] {
  const parsed = parseDockerfile(`FROM a\n${text}`);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value.stages.flatMap(({ instructions }) => instructions);
}
const only = (text: string): Instruction | undefined => read(text)[0];
const keywords = (text: string): readonly string[] => read(text).map(({ keyword }) => keyword);

describe('a JSON array with text behind it', () => {
  test('is the array to COPY, CMD and ENTRYPOINT', () => {
    expect(only('COPY ["a","/b"] c /d')?.arguments).toEqual(['a', '/b']);
    expect(only('CMD ["a"] # x')?.arguments).toEqual(['a']);
    expect(only('ENTRYPOINT ["a]", "\\"b"]]')?.arguments).toEqual(['a]', '"b']);
  });

  test('leaves a RUN unread, since newer versions give it to the shell', () => {
    const { shellError, commands } = only('RUN ["true"] || curl -O https://x.org/a') ?? {};
    expect(commands).toEqual([]);
    expect(shellError).toContain('versions of BuildKit differ');
  });

  test('may not open a here-document', () => {
    const parsed = parseDockerfile('FROM a\nRUN ["true"] <<CMD\nRUN x\nCMD\n');
    expect(parsed.ok ? parsed.value : parsed.error).toEqual({
      message:
        'this line has a here-document after a JSON array, and versions of BuildKit differ in how they read it',
      line: 2,
    });
  });

  test('half a surrogate pair is what Go makes of it', () => {
    expect(only('RUN ["\\ud800"]')?.arguments).toEqual(['\ufffd']);
  });
});

describe('a here-document', () => {
  test.each([
    ['a quote in a comment', "RUN true <<CMD # it's"],
    ['a double quote', 'RUN true "<<CMD'],
    ['a brace', 'RUN true ${A <<CMD'],
    ['no name in braces', 'RUN true ${} <<CMD'],
    ['an unknown modifier', 'RUN true ${A^} <<CMD'],
    ['the exec form', 'RUN ["true", " <<CMD "]'],
    ['three signs', 'RUN cat <<<CMD'],
    ['another instruction', 'LABEL a=b <<CMD=c'],
  ])('is not opened by a line with %s', (_, line) => {
    expect(keywords(`${line}\nRUN next\nCMD\n`)).toHaveLength(3);
  });

  test.each([
    'RUN true <<CMD',
    'RUN true ${A:-"x"} <<CMD',
    'RUN true ${A/x/y} <<CMD',
    "RUN true 3<<-'CMD'",
    'ONBUILD RUN true <<CMD',
    'ADD <<CMD /x',
  ])('is opened by %s', (line) => {
    expect(keywords(`${line}\nRUN next\nCMD\n`)).toHaveLength(1);
  });

  test('behind more nesting than is read ends with an error', () => {
    const parsed = parseDockerfile(
      `FROM a\nRUN x ${'${A:-'.repeat(200)}${'}'.repeat(200)} <<CMD\nRUN y\nCMD\n`,
    );
    expect(parsed.ok ? '' : parsed.error.message).toBe('variables are nested too deeply');
  });

  test('keeps carriage returns, but for the line that ends it', () => {
    expect(only('RUN cat <<E\r\na\r\n\tb\r\nE\r\r\n')?.heredocs).toEqual([
      { delimiter: 'E', content: 'a\r\n\tb\r\n' },
    ]);
    expect(only('COPY <<-E /x\r\n\ta\r\n\tE\r\n')?.heredocs[0]?.content).toBe('a\r\n');
  });
});

describe('words', () => {
  test('of COPY, ADD and VOLUME end at blanks, whatever hides them', () => {
    expect(only('COPY good\\ evil /c')?.arguments).toHaveLength(3);
    expect(only('VOLUME a\\ b')?.arguments).toHaveLength(2);
    expect(only('COPY a\u00a0b /c')?.arguments).toEqual(['a\u00a0b', '/c']);
  });

  test('of USER and WORKDIR are one', () => {
    expect(only('WORKDIR /a b')?.arguments).toEqual(['/a b']);
    expect(only('USER root nobody')?.arguments).toEqual(['root nobody']);
  });

  test('of ENV end at what Go calls white space', () => {
    expect(only('ENV A=b\u00a0C=d\vE=f')?.arguments).toEqual(['A=b', 'C=d', 'E=f']);
    expect(only('ENV A=b\ufeffC=d')?.arguments).toEqual(['A=b\ufeffC=d']);
    expect(only('ENV A  b  c ')?.arguments).toEqual(['A=b  c']);
  });
});

describe('flags', () => {
  test('are read by their own quotes and escapes', () => {
    const flags = only("COPY --fr\\om='a b' --link -- --x /y")?.flags;
    expect(flags).toEqual([
      { name: 'from', value: 'a b' },
      { name: 'link', value: '' },
    ]);
  });

  test('stand in front of any instruction', () => {
    expect(only('ARG --x y')?.flags).toEqual([{ name: 'x', value: '' }]);
    expect(only('CMD -- x')?.arguments).toEqual(['x']);
  });

  test('have no letters that BuildKit takes apart', () => {
    const parsed = parseDockerfile('FROM a\nCOPY --from=à b /c\n');
    expect(parsed.ok ? '' : parsed.error.message).toContain('a letter outside ASCII');
  });
});

test.each(['RUN\u00a0x', '\ufeffRUN x', 'RUN\u3000x'])('%j is no instruction', (line) => {
  const parsed = parseDockerfile(`FROM a\n${line}\n`);
  expect(parsed.ok ? '' : parsed.error.message).toContain('unknown instruction');
});

test.each(['\u00a0RUN x', '\u0085RUN x', '\u2003# x\nRUN x'])('%j is one', (text) => {
  expect(keywords(`${text}\n`)).toEqual(['RUN']);
});
