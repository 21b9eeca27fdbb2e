import { expect, test } from 'vitest';
import type { LocalImage } from '../../src/build/docker.ts';
import { warnOfBuilder } from '../../src/build/engine.ts';
import type { NeededImage } from '../../src/build/images.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { digestOf, parseReference } from '../../src/model/reference.ts';

const FAR = { name: 'far', nodes: 1, platforms: [] };
const LOCAL: LocalImage = {
  id: digestOf('local'),
  repoTags: [],
  repoDigests: [],
  created: undefined,
  architecture: 'amd64',
  layers: [],
};

function needed(name: string): NeededImage {
  const reference = parseReference(name);
  if (!reference.ok) throw new Error(reference.error);
  return { reference: reference.value, isBase: true } as NeededImage;
}

function told(
  driver: string,
  running: boolean,
  local: readonly (LocalImage | undefined)[],
): readonly string[] {
  const events: PipelineEvent[] = [];
  const emit = (event: PipelineEvent): void => void events.push(event);
  const images = [needed('own/base:1'), needed('node:22')];
  const found = [{ name: 'docker.io/library/node:22' }];
  warnOfBuilder({ emit }, { ...FAR, driver, running }, images, found, local);
  return events.map((event) => (event.kind === 'warning' ? event.text : event.kind));
}

test('a remote builder that does not answer is told of before buildx waits for it; others are started by buildx', () => {
  expect(told('remote', false, [])).toEqual(['the builder far (remote) does not answer']);
  expect(told('docker-container', false, [])).toEqual([]);
  expect(told('remote', true, [])).toEqual([]);
});

test('a base that only Docker has is told of; one that a registry has is not', () => {
  expect(told('docker-container', true, [LOCAL, LOCAL])).toEqual([
    'docker.io/own/base:1 is in Docker, whose images the builder far (docker-container) does not see',
  ]);
  expect(told('docker-container', true, [undefined, LOCAL])).toEqual([]);
});
