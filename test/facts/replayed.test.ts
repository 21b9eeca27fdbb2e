import { describe, expect, test } from 'vitest';
import { buildFact, replayedAddresses } from '../../src/facts/build-facts.ts';
import type { EvidenceSource } from '../../src/model/facts.ts';
import { parseDockerfile } from '../dockerfile/parse-dockerfile.ts';

function model(text: string) {
  const read = parseDockerfile(text);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}
const materials = [
  { uri: 'https://example.com/tool', digest: { sha256: 'a'.repeat(64) } },
  { uri: 'https://example.com/bare', digest: {} },
  { uri: 'pkg:docker/node@22', digest: { sha256: 'b'.repeat(64) } },
];
const PLAIN = 'FROM a\nRUN curl -O https://example.com/tool\n';

const analysis = { installs: [], downloads: [], unread: [] };

describe('replayedAddresses', () => {
  test('are what the build, or a verified statement, says that it was given', () => {
    const found = [['https://example.com/tool', `sha256:${'a'.repeat(64)}`]];
    for (const source of ['build', 'verified-attestation'] as const)
      expect([...(replayedAddresses(model(PLAIN), source, materials) ?? [])]).toEqual(found);
    for (const source of ['unverified-attestation', 'dockerfile', 'image'] as const)
      expect(replayedAddresses(model(PLAIN), source, materials)).toBeUndefined();
    expect(replayedAddresses(model(PLAIN), 'build', undefined)).toBeUndefined();
  });

  test.each([
    'RUN curl --noproxy "*" https://example.com/tool',
    'RUN curl --resolve example.com:443:192.0.2.1 https://example.com/tool',
    'RUN curl --connect-to ::192.0.2.1: https://example.com/tool',
    'ENV NO_PROXY=example.com',
    'RUN echo 192.0.2.1 example.com >> /etc/hosts',
    'RUN curl -O https://192.0.2.1/tool',
    'RUN curl -O https://user:pw@192.0.2.1/tool',
    'RUN curl -O https://[2001:db8::1]/tool',
    'RUN curl -O http://3221225985/tool',
    'RUN <<EOF\nexport no_proxy=a\nEOF',
    'COPY <<EOF /run.sh\ncurl http://192.0.2.1/a\nEOF',
  ])('are none where a command may go past the proxy, which the fact says: %s', (line) => {
    const dockerfile = model(`${PLAIN}${line}\n`);
    expect(replayedAddresses(dockerfile, 'build', materials)).toBeUndefined();
    const found = buildFact({ dockerfile: { model: dockerfile, analysis, source: 'build' } });
    expect(found.known && found.value.pastProxy).toMatch(/^line 3 .+: (?:give|remove)/);
  });

  test.each([
    ['a stage that is not built', `FROM a AS unused\nENV no_proxy=b\n${PLAIN}`],
    ['a health check', `${PLAIN}HEALTHCHECK CMD curl -f http://127.0.0.1:8080/ || exit 1\n`],
    ['what BuildKit fetches', `${PLAIN}ADD http://192.0.2.1/a /a\n`],
  ])('%s does not matter', (_, text) => {
    expect(replayedAddresses(model(text), 'build', materials)?.size).toBe(1);
  });
});

describe('the fact', () => {
  const fact = (source: EvidenceSource, replayed: boolean) =>
    buildFact({
      dockerfile: { model: model(PLAIN), analysis, source },
      provenance: { source, view: { materials, finishedOn: undefined, buildArgs: {}, replayed } },
    });

  test.each([
    ['verified-attestation', true, 1],
    ['verified-attestation', false, undefined],
    ['unverified-attestation', true, undefined],
    ['dockerfile', true, undefined],
  ] as const)('%s that says %s', (source, replayed, size) => {
    const found = fact(source, replayed);
    expect(found.known ? found.value.replayed?.size : 'unknown').toBe(size);
  });

  test('a build of its own that replayed', () => {
    const found = buildFact({
      dockerfile: { model: model(PLAIN), analysis, source: 'build' },
      replayed: materials,
    });
    expect(found.known && found.value.replayed?.size).toBe(1);
  });
});
