import { describe, expect, test } from 'vitest';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import { layerLines } from '../../src/dockerfile/layer-lines.ts';

function lines(text: string, ...layers: readonly (string | undefined)[]): unknown {
  const read = analyseDockerfile(text, {});
  if (!read.ok) throw new Error(read.error.message);
  return layerLines(read.value.model, layers);
}

const TEXT = `FROM debian:13 AS base
RUN apt-get update
ENV A=b
FROM base
WORKDIR /app
COPY . .
RUN make
`;

describe('layerLines', () => {
  test('goes from the last layer back, through the stage it is built on', () => {
    expect(
      lines(
        TEXT,
        '# debian.sh',
        'RUN /bin/sh -c apt-get update # buildkit',
        'WORKDIR /app',
        'COPY . . # buildkit',
        'RUN |1 A=b /bin/sh -c make # buildkit',
      ),
    ).toEqual([undefined, 2, 5, 6, 7]);
  });

  test('passes over a WORKDIR that wrote nothing', () => {
    expect(
      lines(TEXT, '# debian.sh', 'RUN x # buildkit', 'COPY . . # buildkit', 'RUN y # buildkit'),
    ).toEqual([undefined, 2, 6, 7]);
  });

  test('tells nothing below a layer that does not fit', () => {
    expect(lines(TEXT, 'RUN x', undefined, 'RUN y # buildkit')).toEqual([undefined, undefined, 7]);
    expect(lines(TEXT, 'COPY a b', 'COPY c d')).toEqual([undefined, undefined]);
  });
});
