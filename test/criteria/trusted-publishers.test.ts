import { expect, test } from 'vitest';
import { TRUSTED_PUBLISHERS, vouchedBy } from '../../src/criteria/trusted-source.ts';
import { parseReference } from '../../src/model/reference.ts';

function trusts(text: string, ...patterns: readonly string[]): boolean {
  const parsed = parseReference(text);
  return parsed.ok && vouchedBy(parsed.value, patterns) !== undefined;
}

test.each([
  ['r.example.com/a/b', 'r.example.com/*', true],
  ['r.example.com/a/b', 'r.example.com/*/b', true],
  ['r.example.com/ab', 'r.example.com/a*b*', true],
  ['r.example.com/a', 'r.example.com/a*a', false],
  ['r.example.com:5000/a:1', 'r.example.com:5000/a:1', true],
  ['r.example.com:5000/a:2', 'r.example.com:5000/a:1', false],
  ['acme/x', 'docker.io/acme/*', true],
  ['evil/x', 'acme/*', false],
  ['r.example.com.evil.net/x', 'r.example.com/*', false],
  ['anything.example/x', '*', true],
])('%s by %s: %s', (text, pattern, trusted) => {
  expect(trusts(text, pattern)).toBe(trusted);
});

test.each([
  ['alpine', true],
  ['docker/dockerfile:1', true],
  ['evil/alpine', false],
  ['docker.io/evil/x', false],
  ['ghcr.io/astral-sh/uv:0.9', true],
  ['ghcr.io/astral-sh-evil/uv', false],
  ['ghcr.io/fluxcd/source-controller', true],
  ['quay.io/cilium/cilium', true],
  ['quay.io/evil/cilium', false],
  ['ghcr.io/sigstore/cosign/cosign', true],
  ['cgr.dev/chainguard/node', true],
  ['cgr.dev/evil/node', false],
  ['gcr.io/distroless/static', true],
  ['gcr.io/evil/distroless', false],
  ['public.ecr.aws/docker/library/node', true],
  ['public.ecr.aws/evil/node', false],
  ['mcr.microsoft.com/dotnet/runtime', true],
  ['mcr.microsoft.com.evil.net/dotnet/runtime', false],
  ['localhost:5000/base', false],
])('%s without a pattern: %s', (text, trusted) => {
  expect(trusts(text)).toBe(trusted);
});

test('a prefix of the table ends a path component or names a whole repository', () => {
  expect(trusts('moby/buildkit:v0.17')).toBe(true);
  expect(trusts('moby/buildkit-evil')).toBe(false);
  expect(
    TRUSTED_PUBLISHERS.every(({ prefix, reason }) => prefix.includes('/') && reason !== ''),
  ).toBe(true);
});
