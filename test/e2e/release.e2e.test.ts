import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT, run } from './harness.ts';
import { folderHere } from './workplace.ts';

describe('npm run release -- --dry-run', () => {
  const folder = folderHere('release');
  let files = '';
  let printed = '';
  const version = (
    JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  ).version;

  beforeAll(async () => {
    files = join(folder, 'files');
    const script = join(ROOT, 'scripts/release.mjs');
    const repository = ['--repository', 'https://github.com/me/scoville'];
    const only = ['npm', 'deb', 'image'].flatMap((form) => ['--only', form]);
    const ended = await run(process.execPath, [
      ...[script, '--dry-run', ...only, ...repository, '--out', files],
    ]);
    if (ended.exitCode !== 0) throw new Error(`${ended.stdout}${ended.stderr}`);
    printed = ended.stdout;
  });

  test('makes the npm package, the Debian package and the image, and does the main job with each', () => {
    expect(readdirSync(files).toSorted()).toEqual([
      'SHA256SUMS',
      'SHA256SUMS.pub',
      'SHA256SUMS.sigstore.json',
      `scoville-${version}.tgz`,
      `scoville-service-${version}.tgz`,
      `scoville_${version}_all.deb`,
    ]);
    expect(printed.match(/built, signed, pushed, verified, graded/g)).toHaveLength(3);
    expect(printed).toContain('built twice: reproducible pass');
  });

  test('the npm package says where its source is, and nothing of its development', () => {
    const tarball = join(files, `scoville-${version}.tgz`);
    const about = JSON.parse(
      execFileSync('tar', ['-xzOf', tarball, 'package/package.json']).toString(),
    ) as Record<string, unknown>;
    expect(about['repository']).toEqual({
      type: 'git',
      url: 'git+https://github.com/me/scoville.git',
    });
    expect(Object.keys(about)).not.toEqual(
      expect.arrayContaining(['devDependencies']) as unknown[],
    );
    expect('scripts' in about || 'dependencies' in about).toBe(false);
    const paths = execFileSync('tar', ['-tzf', tarball]).toString().trim().split('\n');
    expect(paths).toEqual(
      expect.arrayContaining([
        'package/LICENSE',
        'package/dist/THIRD-PARTY-NOTICES.txt',
        'package/dist/sbom.cdx.json',
        'package/man/scoville.1',
        'package/man/scoville-build.1',
      ]) as string[],
    );
    expect(
      paths.filter(
        (path) => !/^package\/(?:dist|man|native\/lib|templates|schema|[A-Za-z.]+$)/.test(path),
      ),
    ).toEqual([]);
    expect(paths.filter((path) => /\.(?:ts|map)$/.test(path))).toEqual([]);
    expect(paths).not.toContain('package/templates/scoville.yml');
  });

  /** The first block of commands under a heading of the page. */
  function commandsOf(heading: string): string {
    const page = readFileSync(join(ROOT, 'docs/how-to/verify-a-release.md'), 'utf8');
    const block = page.split(`\n## ${heading}\n`)[1]?.split('```sh\n')[1]?.split('```')[0];
    if (block === undefined) throw new Error(`no commands under ${heading}`);
    return block;
  }

  /** The page's commands; a dry run has a key where a release has the identity of its workflow. */
  function verifyFiles(): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const root = join(folder, 'trusted-root.json');
    writeFileSync(
      root,
      '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
    );
    const identity = /--certificate-identity \S+ \\\n\s+--certificate-oidc-issuer \S+ /;
    const commands = commandsOf('Files');
    expect(commands).toMatch(identity);
    const key = `--key SHA256SUMS.pub --insecure-ignore-tlog=true --trusted-root '${root}' `;
    return run('bash', ['-ec', commands.replace(identity, key)], { cwd: files });
  }

  test('the page verifies its files, and refuses changed ones', async () => {
    const good = await verifyFiles();
    expect([good.exitCode, good.stderr.trim().split('\n').at(-1)]).toEqual([0, 'Verified OK']);
    expect(good.stdout).toContain(`scoville-${version}.tgz: OK`);
    const tarball = join(files, `scoville-${version}.tgz`);
    const bytes = readFileSync(tarball);
    writeFileSync(tarball, Buffer.concat([bytes, Buffer.from('x')]));
    expect((await verifyFiles()).exitCode).toBe(1);
    writeFileSync(tarball, bytes);
    const sums = join(files, 'SHA256SUMS');
    writeFileSync(sums, `${readFileSync(sums, 'utf8')}\n`);
    const changed = await verifyFiles();
    expect([changed.exitCode === 0, changed.stdout]).toEqual([false, '']);
  });

  test('publishes nothing, and says who does', async () => {
    const ended = await run(process.execPath, [join(ROOT, 'scripts/release.mjs')]);
    expect([ended.exitCode, ended.stderr]).toEqual([
      2,
      expect.stringContaining('.github/workflows/release.yml') as string,
    ]);
    expect(existsSync(join(ROOT, '.github/workflows/release.yml'))).toBe(true);
  });
});
