import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { historyDockerfile } from '../../src/facts/build-facts.ts';

const lines = (...steps: readonly (string | undefined)[]): readonly string[] | undefined =>
  historyDockerfile(steps.map((by) => (by === undefined ? {} : { created_by: by })))
    ?.text.split('\n')
    .slice(1);

describe('historyDockerfile', () => {
  test.each([
    ['RUN /bin/sh -c apt-get update # buildkit', 'RUN apt-get update'],
    ['RUN |2 A=1 B=x y /bin/sh -c make $A # buildkit', 'RUN make $A'],
    ['RUN /bin/bash -o pipefail -c curl x | sh # buildkit', 'RUN curl x | sh'],
    ['RUN /bin/ash -eo pipefail -c true # buildkit', 'RUN true'],
    ['/bin/sh -c apt-get install -y curl', 'RUN apt-get install -y curl'],
    ['RUN /tool --do # buildkit', 'RUN /tool --do'],
    ['ADD https://example.org/x.tgz /tmp/ # buildkit', 'ADD https://example.org/x.tgz /tmp/'],
    [
      '/bin/sh -c #(nop) ADD https://example.org/x.tgz in /tmp/ ',
      'ADD https://example.org/x.tgz /tmp/',
    ],
  ])('%s', (createdBy, line) => {
    expect(lines(createdBy)).toEqual([line]);
  });

  test('each step keeps its number; what runs nothing is an empty line', () => {
    expect(
      lines(
        '/bin/sh -c #(nop) ADD file:0123 in / ',
        'ENV VERSION=1.2 "x" $y',
        undefined,
        'COPY /app /app # buildkit',
        'RUN /bin/sh -c curl -O https://example.org/$VERSION # buildkit',
        'CMD ["node"]',
      ),
    ).toEqual([
      '',
      'ENV VERSION="1.2 \\"x\\" \\$y"',
      '',
      '',
      'RUN curl -O https://example.org/$VERSION',
      '',
    ]);
  });

  test('steps that one line cannot hold are counted', () => {
    expect(
      historyDockerfile([
        { created_by: 'ENV A=1\n2' },
        { created_by: 'RUN /bin/sh -c <<EOF\ncurl x\nEOF # buildkit' },
        { created_by: `RUN /bin/sh -c ${'x'.repeat(20_000)}` },
        { created_by: 'RUN /bin/sh -c echo \\ # buildkit' },
        { created_by: '|1 V=1 /bin/sh -c <<EOF' },
        { created_by: "/bin/sh -c sh <<-'EOF'" },
      ]),
    ).toMatchObject({ unread: [2, 3, 4, 5, 6] });
  });

  test('a history that runs nothing tells nothing', () => {
    expect(historyDockerfile(undefined)).toBeUndefined();
    expect(lines('bazel build ...', 'ENV A=1', 'WORKDIR /app')).toBeUndefined();
  });

  test('a hostile history keeps one line a step', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 20 }), (steps) => {
        const made = lines('RUN /bin/sh -c true', ...steps);
        expect(made).toHaveLength(steps.length + 1);
      }),
    );
  });
});
