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
  { name: 'official', facts: using('node:22-slim'), outcome: 'pass', says: '1 image' },
  {
    name: 'official in full',
    facts: using('docker.io/library/alpine:3'),
    outcome: 'pass',
    says: '1 image',
  },
  {
    name: 'publishers of the table',
    facts: using(
      'gcr.io/distroless/static',
      'cgr.dev/chainguard/node',
      'mcr.microsoft.com/dotnet/aspnet:8.0',
      'registry.access.redhat.com/ubi9',
      'docker/dockerfile:1',
    ),
    outcome: 'pass',
    says: '5 images',
  },
  { name: 'user namespace', facts: using('evil/x'), outcome: 'fail', says: 'evil/x' },
  {
    name: 'the same with its host',
    facts: using('docker.io/evil/x'),
    outcome: 'fail',
    says: 'docker.io/evil/x',
  },
  {
    name: 'a host alone vouches for nothing',
    facts: using('registry.example.com/x'),
    outcome: 'fail',
    says: 'registry.example.com',
  },
  {
    name: 'user namespace elsewhere',
    facts: using('ghcr.io/someone/x'),
    outcome: 'fail',
    says: 'ghcr.io',
  },
  {
    name: 'a name that only begins like a publisher',
    facts: using('cgr.dev/chainguard-evil/x'),
    outcome: 'fail',
    says: 'evil',
  },
  {
    name: 'the second image counts',
    facts: using('node:22', 'evil/x'),
    outcome: 'fail',
    says: 'nothing vouches for evil/x',
  },
  {
    name: 'a frontend of a user',
    facts: factsOf({
      build: buildUsing(used('alpine'), used('evil/frontend', { role: 'frontend' })),
    }),
    outcome: 'fail',
    says: 'evil/frontend',
  },
  {
    name: 'read from the Dockerfile where the build is not known',
    facts: factsOf({
      build: build({ dockerfile: known(dockerfile('alpine', 'evil/x'), 'dockerfile') }),
    }),
    outcome: 'fail',
    says: 'evil/x',
    source: 'dockerfile',
  },
  {
    name: 'trusted by pattern',
    facts: trusting('registry.example.com/base/*', 'registry.example.com/base/a/b:1'),
    outcome: 'pass',
    says: '1 image',
  },
  {
    name: 'trusted by name',
    facts: trusting('acme/base', 'acme/base:7'),
    outcome: 'pass',
    says: '1 image',
  },
  {
    name: 'another image than the pattern',
    facts: trusting('registry.example.com/base/*', 'registry.example.com/other'),
    outcome: 'fail',
    says: 'other',
  },
  {
    name: 'a pattern is anchored',
    facts: trusting('*.example.com/x', 'a.example.com/x/y'),
    outcome: 'fail',
    says: 'x/y',
  },
  {
    name: 'publisher’s signature verified',
    facts: factsOf({
      build: buildUsing(used('ghcr.io/acme/x', { signedBy: 'https://github.com/acme' })),
    }),
    outcome: 'pass',
    says: '1 image',
  },
  {
    name: 'ok- scratch alone',
    facts: factsOf({ build: build({ dockerfile: known(dockerfile('scratch'), 'build') }) }),
    outcome: 'not-applicable',
    says: 'no outside image',
  },
  {
    name: 'a variable without value',
    facts: using('alpine', '$BASE'),
    outcome: 'unknown',
    says: '$BASE',
  },
  {
    name: 'no Dockerfile',
    facts: factsOf({ build: build() }),
    outcome: 'unknown',
    says: 'no build is known',
    settle: 'scoville grade --file Dockerfile IMAGE',
  },
  { name: 'no build', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);
