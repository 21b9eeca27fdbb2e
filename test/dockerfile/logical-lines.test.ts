import dockerfileAst from 'dockerfile-ast';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { locate, logicalLines } from '../../src/dockerfile/logical-lines.ts';
import { pieces } from './pieces.ts';

const { DockerfileParser } = dockerfileAst;

function texts(text: string, escape = '\\'): readonly string[] {
  const { lines, error } = logicalLines(text, escape);
  return error === undefined ? lines.map((line) => line.text) : [`error: ${error.message}`];
}

describe('logicalLines', () => {
  test.each([
    ['comments and blank lines', '# a\n\nFROM x\n  # b\nRUN y', ['FROM x', 'RUN y']],
    ['continuation', 'RUN a \\\n  b \\  \n c', ['RUN a   b  c']],
    ['comments and blanks inside', 'RUN a \\\n# c\n\n  # d\n b\nRUN e', ['RUN a  b', 'RUN e']],
    ['a # that is no comment', 'RUN a # b \\\n c', ['RUN a # b  c']],
    ['continuation at the end', 'RUN a \\', ['RUN a']],
    ['two escapes', 'RUN a \\\\\nRUN b', ['RUN a \\\\', 'RUN b']],
    ['CRLF', 'FROM x\r\nRUN a \\\r\n b\r\n', ['FROM x', 'RUN a  b']],
  ])('%s', (_name, text, expected) => {
    expect(texts(text)).toEqual(expected);
  });

  test('the escape directive changes what continues', () => {
    expect(texts('RUN a `\n b\nRUN c\\\nRUN d', '`')).toEqual(['RUN a  b', 'RUN c\\', 'RUN d']);
  });

  test('here-documents', () => {
    const { lines } = logicalLines(
      'COPY <<A <<-"B" /x/\na\nA\n\tb\n\tB\nRUN cat <<E > f\nFROM no\nE\nENV X=<<Y',
      '\\',
    );
    expect(
      lines.map((line) =>
        line.heredocs.map(({ delimiter, expand, content }) => ({ delimiter, expand, content })),
      ),
    ).toEqual([
      [
        { delimiter: 'A', expand: true, content: 'a\n' },
        { delimiter: 'B', expand: false, content: 'b\n' },
      ],
      [{ delimiter: 'E', expand: true, content: 'FROM no\n' }],
      [],
    ]);
    expect(texts('RUN <<EOF\na')).toEqual(['error: unterminated heredoc']);
    expect(texts('RUN x=<<<EOF\nRUN b')).toEqual(['RUN x=<<<EOF', 'RUN b']);
  });

  test('places are those of the file', () => {
    const { lines } = logicalLines('FROM x\n  RUN ab \\\n# no\n   cd <<E\nbody\nE\n', '\\');
    const run = lines[1];
    expect(run?.range).toEqual({ startLine: 2, startColumn: 3, endLine: 6, endColumn: 2 });
    if (run === undefined) return;
    expect(locate(run, run.text.indexOf('ab'))).toEqual({ line: 2, column: 7 });
    expect(locate(run, run.text.indexOf('cd'))).toEqual({ line: 4, column: 4 });
    expect(locate(run, run.full.indexOf('body'))).toEqual({ line: 5, column: 1 });
  });

  test('agrees with dockerfile-ast on where instructions begin and end', () => {
    const line = fc.constantFrom(...pieces('line'));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), (lines) => {
        // A lone word is no instruction, and both differ on where an open line at the end stops.
        const text = ['FROM x', ...lines, 'RUN end', 'RUN last'].join('\n');
        const own = logicalLines(text, '\\');
        if (own.error !== undefined || own.lines.some((l) => l.text === 'E')) return;
        const theirs = DockerfileParser.parse(text)
          .getInstructions()
          .map((i) => i.getRange())
          .map((r) => [r.start.line + 1, r.end.line + 1]);
        expect(own.lines.map((l) => [l.range.startLine, l.range.endLine])).toEqual(theirs);
      }),
      { numRuns: 300 },
    );
  });
});
