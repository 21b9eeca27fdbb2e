import { describe, expect, test } from 'vitest';
import { slimBase } from '../../src/criteria/minimal-base.ts';
import { err, ok, type Result } from '../../src/lib/errors.ts';
import type { Digest } from '../../src/model/reference.ts';
import { type Around, fixed } from './support.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as Digest;
const NAMES = ['node:22-slim', 'node:22.4-slim-bookworm', 'python:slim', 'debian:trixie-slim'];

function known(more: Around = {}): Around {
  const digests = new Map<string, Result<Digest>>(
    NAMES.map((name) => [`docker.io/library/${name}`, ok(DIGEST)]),
  );
  digests.set('docker.io/library/ruby:3.3-slim', err('docker.io does not have it'));
  return { ...more, facts: { digests } };
}

describe('slim-base', () => {
  test.each([
    ['FROM node:22\nCMD node a.js $PORT', 'FROM node:22-slim\nCMD node a.js $PORT'],
    [
      'FROM node:22.4-bookworm AS x\nRUN npm ci\nCMD a',
      'FROM node:22.4-slim-bookworm AS x\nRUN npm ci\nCMD a',
    ],
    ['FROM "python"\nENTRYPOINT ["./e.sh"]', 'FROM "python:slim"\nENTRYPOINT ["./e.sh"]'],
    [
      'FROM debian:trixie\nRUN apt-get install -y curl && curl -V\nCMD a',
      'FROM debian:trixie-slim\nRUN apt-get install -y curl && curl -V\nCMD a',
    ],
    [
      'FROM node:22\nRUN apt-get update && apt-get install -y curl\nHEALTHCHECK CMD curl localhost',
      'FROM node:22-slim\nRUN apt-get update && apt-get install -y curl\nHEALTHCHECK CMD curl localhost',
    ],
    [
      'FROM node:22 AS b\nRUN make\nFROM node:22\nCOPY --from=b /a /a\nCMD a',
      'FROM node:22 AS b\nRUN make\nFROM node:22-slim\nCOPY --from=b /a /a\nCMD a',
    ],
  ])('%j', async (before, after) => {
    const done = await fixed(slimBase, `${before}\n`, known());
    expect(done).toMatchObject({
      text: `${after.replace(/:[\w.-]*slim[\w.-]*/, (tag) => `${tag}@${DIGEST}`)}\n`,
      ids: ['slim-base:base'],
      again: [],
    });
  });

  test.each([
    'FROM node:22-slim\n',
    'FROM node:22-alpine\n',
    'FROM debian\n',
    `FROM node@${DIGEST}\n`,
    'ARG V=22\nFROM node:$V\n',
    'FROM golang:1.24\n',
    'FROM scratch\n',
  ])('there is nothing to do for %j', async (text) => {
    expect(await fixed(slimBase, text, known())).toMatchObject({ text, ids: [], refusals: [] });
  });

  test.each([
    [
      'FROM node:22\nRUN git clone x',
      '1: the base stays whole: line 2 calls git, which node:22-slim does not have',
    ],
    [
      'FROM node:22\nHEALTHCHECK CMD curl -f localhost',
      '1: the base stays whole: HEALTHCHECK calls curl, which node:22-slim does not have',
    ],
    [
      'FROM node:22\nCOPY start.sh /app/\nCMD ["/app/start.sh"]',
      '1: the base stays whole: start.sh calls wget, which node:22-slim does not have',
    ],
    [`FROM node:22@${DIGEST}`, '1: the base stays whole: its digest is pinned'],
    [
      `FROM node:22@${DIGEST}\nRUN git clone x`,
      '1: the base stays whole: line 2 calls git, which node:22-slim does not have',
    ],
    [
      'FROM ruby:3.3',
      '1: the base stays whole: the digest of docker.io/library/ruby:3.3-slim is not known, and an image is not added without one: docker.io does not have it',
    ],
  ])('left alone: %j', async (text, reason) => {
    const files = {
      'start.sh': '#!/bin/sh\n# curl is not called\nif ! wget -q http://db/; then exit 1; fi\n',
    };
    const done = await fixed(slimBase, `${text}\n`, known({ files }));
    expect([done.ids, done.refusals]).toEqual([[], [reason]]);
  });
});
