import { describe, expect, test } from 'vitest';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import { withLinkedTargets } from '../../src/dockerfile/layer-lines.ts';
import type { LinkedTarget } from '../../src/model/events.ts';
import { digestOf } from '../../src/model/reference.ts';

function read(text: string, contexts: Readonly<Record<string, string>> = {}) {
  const read = analyseDockerfile(text, { buildContexts: contexts });
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

const link = (context: string, text: string | undefined): LinkedTarget => ({
  context,
  target: 'base-image',
  digest: digestOf(''),
  layers: [],
  dockerfile: text === undefined ? undefined : read(text).model,
  analysis: text === undefined ? undefined : read(text).analysis,
});

const LAYOUT = { base: 'oci-layout:///x@sha256:0' };
const BASE =
  'FROM debian:13 AS a\nRUN apt-get install -y curl\nRUN curl https://e.x/f -o f\nFROM a\n';

describe('a Dockerfile on another target', () => {
  const { model, analysis } = withLinkedTargets(read('FROM base\nRUN pip install x\n', LAYOUT), [
    link('base', BASE),
  ]);

  test('stands on what that one stands on, and takes from outside what that one takes', () => {
    expect(model.stages[0]?.base).toMatchObject({ kind: 'image', image: { text: 'debian:13' } });
    expect(model.externalImages.map(({ text }) => text)).toEqual(['debian:13']);
  });

  test('installs and downloads what that one does, said whose it is', () => {
    expect(analysis.installs.map(({ command }) => command)).toEqual([
      'pip install x',
      'target base-image: apt-get install -y curl',
    ]);
    expect(analysis.downloads.map(({ url }) => url)).toEqual(['https://e.x/f']);
  });
});

test('a target on scratch leaves a stage on scratch', () => {
  const { model } = withLinkedTargets(read('FROM Base\n', LAYOUT), [
    link('base', 'FROM scratch\nCOPY a /\n'),
  ]);
  expect(model.stages[0]?.base).toEqual({ kind: 'scratch' });
});

test('without its Dockerfile the base is not known', () => {
  const plain = read('FROM base\n', LAYOUT);
  expect(withLinkedTargets(plain, [link('base', undefined)]).model.stages[0]?.base).toEqual({
    kind: 'unknown',
    text: 'base',
  });
});
