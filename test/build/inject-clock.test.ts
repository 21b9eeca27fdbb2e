import { describe, expect, test } from 'vitest';
import { clockProbe, preloadText, ranImages } from '../../src/build/clock.ts';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import type { DockerfileModel } from '../../src/model/dockerfile.ts';

function modelOf(text: string): DockerfileModel {
  const read = analyseDockerfile(text, { buildArgs: {}, buildContexts: {} });
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value.model;
}

describe('ranImages', () => {
  test('the outside images below stages that run something, each once', () => {
    const text =
      'FROM a:1 AS x\nRUN id\nFROM x AS y\nRUN id\nFROM b AS z\nCOPY --from=y / /\nFROM c\nRUN id\nCOPY --from=z / /\n';
    expect(ranImages(modelOf(text))).toEqual([
      'docker.io/library/a:1',
      'docker.io/library/c:latest',
    ]);
  });

  test('a stage that is not built counts for nothing', () => {
    expect(ranImages(modelOf('FROM a AS x\nRUN id\nFROM b\nRUN id\n'))).toEqual([
      'docker.io/library/b:latest',
    ]);
  });

  test('something is run on what is not known', () => {
    expect(ranImages(modelOf('FROM scratch\nCOPY . .\nRUN ["/x"]\n'))).toBeUndefined();
  });
});

test('the probe has LD_PRELOAD where a value is given: what musl may load', () => {
  const library = (name: string, by?: 'file' | 'neither') => ({
    name,
    content: Buffer.of(),
    ...(by === undefined ? {} : { by }),
  });
  const value = preloadText([
    library('a'),
    library('b', 'file'),
    library('c'),
    library('d', 'neither'),
  ]);
  expect(value).toBe('/.scoville-clock/a:/.scoville-clock/c');
  expect(clockProbe(['a'])).not.toContain('LD_PRELOAD');
  expect(clockProbe(['a'], value)).toContain(`USER 0:0\nARG LD_PRELOAD=${value}\nRUN `);
});
