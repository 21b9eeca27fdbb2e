import { trustedSource } from '../../src/criteria/trusted-source.ts';
import { known } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { build, buildUsing, declared, dockerfile, factsOf, used } from './facts-builder.ts';

const using = (...texts: readonly string[]) =>
  factsOf({ build: buildUsing(...texts.map((text) => used(text))) });
const trusting = (pattern: string, text: string) =>
  factsOf({
    build: buildUsing(used(text)),
    declarations: known(declared({ trustedImages: [pattern] }), 'build'),
  });

judgesAs(trustedSource, [
  ['pass', 'official', using('node:22-slim'), '1 image'],
  ['pass', 'official in full', using('docker.io/library/alpine:3'), '1 image'],
  [
    'pass',
    'publishers of the table',
    using(
      'gcr.io/distroless/static',
      'cgr.dev/chainguard/node',
      'mcr.microsoft.com/dotnet/aspnet:8.0',
      'registry.access.redhat.com/ubi9',
      'docker/dockerfile:1',
    ),
    '5 images',
  ],
  ['fail', 'user namespace', using('evil/x'), 'evil/x'],
  ['fail', 'the same with its host', using('docker.io/evil/x'), 'docker.io/evil/x'],
  [
    'fail',
    'a host alone vouches for nothing',
    using('registry.example.com/x'),
    'registry.example.com',
  ],
  ['fail', 'user namespace elsewhere', using('ghcr.io/someone/x'), 'ghcr.io'],
  ['fail', 'a name that only begins like a publisher', using('cgr.dev/chainguard-evil/x'), 'evil'],
  ['fail', 'the second image counts', using('node:22', 'evil/x'), 'nothing vouches for evil/x'],
  [
    'fail',
    'a frontend of a user',
    factsOf({
      build: buildUsing(used('alpine'), used('evil/frontend', { role: 'frontend' })),
    }),
    'evil/frontend',
  ],
  [
    'fail',
    'read from the Dockerfile where the build is not known',
    factsOf({
      build: build({ dockerfile: known(dockerfile('alpine', 'evil/x'), 'dockerfile') }),
    }),
    'evil/x',
    { source: 'dockerfile' },
  ],
  [
    'pass',
    'trusted by pattern',
    trusting('registry.example.com/base/*', 'registry.example.com/base/a/b:1'),
    '1 image',
  ],
  ['pass', 'trusted by name', trusting('acme/base', 'acme/base:7'), '1 image'],
  [
    'fail',
    'another image than the pattern',
    trusting('registry.example.com/base/*', 'registry.example.com/other'),
    'other',
  ],
  ['fail', 'a pattern is anchored', trusting('*.example.com/x', 'a.example.com/x/y'), 'x/y'],
  [
    'pass',
    'publisher’s signature verified',
    factsOf({
      build: buildUsing(used('ghcr.io/acme/x', { signedBy: 'https://github.com/acme' })),
    }),
    '1 image',
  ],
  [
    'not-applicable',
    'ok- scratch alone',
    factsOf({ build: build({ dockerfile: known(dockerfile('scratch'), 'build') }) }),
    'no outside image',
  ],
  ['unknown', 'a variable without value', using('alpine', '$BASE'), '$BASE'],
  [
    'unknown',
    'no Dockerfile',
    factsOf({ build: build() }),
    'no build is known',
    { settle: 'scoville grade --file Dockerfile IMAGE' },
  ],
  ['unknown', 'no build', factsOf(), 'not gathered'],
]);
