import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ImageContent } from '../../src/facts/layer-files.ts';
import type { SecretFinding } from '../../src/model/facts.ts';
import { withPublished } from '../../src/scan/published-files.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { layerTar } from '../fakes/tar-bytes.ts';

const TEXT = 'repo_token: SIAeZjKYlHK74rbcFvNHMUzjRiMpflxv\n';
const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

function finding(more: Partial<SecretFinding>): SecretFinding {
  return { rule: 'assigned-secret', masked: 'SIAe***', where: 'layer', ...more };
}
const NPM = { type: 'npm', name: 'debug', version: '2.6.9' } as const;
const IN_NPM = finding({
  path: 'app/node_modules/debug/.coveralls.yml',
  package: NPM,
  sha256: sha256(TEXT),
});
const TARBALL = 'https://registry.npmjs.org/debug/-/debug-2.6.9.tgz';

let home: string;
let asked: string[];
const served = new Map<string, Uint8Array | string>();
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'scoville-published-'));
  asked = [];
  served.clear();
  vi.stubGlobal('fetch', (address: URL) => {
    const url = address.href;
    asked.push(url);
    const body = served.get(url);
    return body === undefined
      ? Promise.reject(new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } }))
      : Promise.resolve(new Response(body as string));
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  rmSync(home, { recursive: true, force: true });
});

async function secretsOf(
  findings: readonly SecretFinding[],
  offline = false,
): Promise<ImageContent['secrets']> {
  const content = { secrets: { findings, scannedFiles: 1 } } as unknown as ImageContent;
  return (await withPublished(contextOf(fakeRun([]).run, home), content, offline)).secrets;
}

describe('a file in the folder of an npm package', () => {
  test('with the bytes of one in the tarball, it is published; asked once for ever', async () => {
    served.set(TARBALL, gzipSync(layerTar({ 'package/.coveralls.yml': TEXT, 'package/a': 'a' })));
    for (const offline of [false, true]) {
      const { findings, suppressed } = await secretsOf([IN_NPM], offline);
      expect(findings).toEqual([]);
      expect(suppressed).toMatchObject([{ reason: 'as published', package: NPM }]);
    }
    expect(asked).toEqual([TARBALL]);
  });

  test('with other bytes, it counts', async () => {
    served.set(TARBALL, gzipSync(layerTar({ 'package/.coveralls.yml': `${TEXT}#` })));
    const { findings, suppressed } = await secretsOf([IN_NPM]);
    expect(suppressed).toEqual([]);
    expect(findings).toMatchObject([
      { package: NPM, unpublished: 'the published package does not have this file' },
    ]);
  });

  test.each<[string, boolean, string | undefined, string]>([
    ['offline', true, undefined, 'not compared with what is published (offline)'],
    [
      'out of reach',
      false,
      undefined,
      'not compared with what is published: registry.npmjs.org: DNS lookup failed',
    ],
    [
      'damaged',
      false,
      '\u001f\u008b',
      'not compared with what is published: its archive cannot be unpacked',
    ],
  ])('where the registry is %s, it counts and says why', async (_, offline, body, unpublished) => {
    if (body !== undefined) served.set(TARBALL, Buffer.from(body, 'latin1'));
    expect((await secretsOf([IN_NPM], offline)).findings).toMatchObject([{ unpublished }]);
    // What was not known is not kept.
    served.set(TARBALL, gzipSync(layerTar({ 'package/.coveralls.yml': TEXT })));
    expect((await secretsOf([IN_NPM])).findings).toEqual([]);
  });

  test.each(['../x', 'a/b', '@a', 'x y', '@a/..'])('no address is made of %j', async (name) => {
    const { findings } = await secretsOf([{ ...IN_NPM, package: { ...NPM, name } }]);
    expect(findings[0]?.unpublished).toMatch(/its name is unusual/);
    expect(asked).toEqual([]);
  });

  test('no more than 20 packages are asked for, and nothing for other findings', async () => {
    const many = Array.from({ length: 25 }, (_, at) => ({
      ...IN_NPM,
      package: { ...NPM, version: `1.0.${at}` },
    }));
    const { findings } = await secretsOf([finding({ path: 'srv/x' }), ...many]);
    expect(asked).toHaveLength(20);
    expect(findings).toHaveLength(26);
    expect(findings[0]).not.toHaveProperty('unpublished');
    expect(findings.at(-1)?.unpublished).toBe('too many packages to ask for');
    expect(findings.some((one) => 'sha256' in one)).toBe(false);
  });
});
