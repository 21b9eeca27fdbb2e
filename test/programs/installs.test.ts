import { describe, expect, test } from 'vitest';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import type { BuildAnalysis } from '../../src/model/build-analysis.ts';
import { INSTALL_FORMS, isInstaller } from '../../src/programs/installs.ts';

const ADDRESS = 'https://packages.example.org/pool/tool-1.2.3.tar.gz';

function analysed(line: string): BuildAnalysis {
  const read = analyseDockerfile(`FROM debian:13\nRUN ${line}\n`);
  if (!read.ok) throw new Error(read.error.message);
  return read.value.analysis;
}

/** Each verb of each program of each form, with the options that it needs. */
const LINES = INSTALL_FORMS.filter(({ verbs }) => !verbs.startsWith('remove|purge')).flatMap(
  ({ programs, verbs, only, from }) =>
    programs.split(' ').flatMap((program) =>
      verbs.split('|').map((verb) => {
        const option = (only ?? from)?.split(' ')[0] ?? '';
        return [program, verb === '-' ? '' : verb, option].filter(Boolean).join(' ');
      }),
    ),
);

describe('every form of an install', () => {
  test.each(LINES)('says something of an address: %s', (line) => {
    const { downloads, unread } = analysed(`${line} ${ADDRESS}`);
    expect(downloads.length + unread.length).toBeGreaterThan(0);
  });

  test.each(LINES)('says something of a repository of git: %s', (line) => {
    const { downloads, unread } = analysed(`${line} git+https://git.example.org/tool.git`);
    expect(downloads.length + unread.length).toBeGreaterThan(0);
  });

  test.each(LINES)('says something of a name that nothing holds: %s', (line) => {
    const program = line.split(' ')[0] ?? '';
    const { downloads, unread } = analysed(`${line} tool`);
    expect(isInstaller(program) || downloads.length + unread.length > 0).toBe(true);
  });
});

test.each([
  'brew install --HEAD acme/tap/tool',
  'bower install jquery#3.7.1',
  'helm plugin install diff',
])('is not read: %s', (line) => {
  expect(analysed(line).unread).toHaveLength(1);
});

test.each([
  'dotnet tool install tool --version 1.0.0 --add-source https://x.example/nuget',
  'corepack prepare pnpm@https://x.example/pnpm.tgz --activate',
  'bundle add tool --git https://github.com/acme/tool',
  'micromamba install -f https://x.example/env.yml',
])('is open: %s', (line) => {
  expect(analysed(line).downloads.map(({ open }) => open)).toEqual([expect.any(String)]);
});

test.each([
  'apt-get install -y -o Acquire::http::Proxy=http://proxy.example.org:3128 curl=8.14.1-2',
  'apk add --repository https://dl-cdn.alpinelinux.org/alpine/edge/main curl=8.14.1-r1',
  'pip install --index-url https://pypi.org/simple flask==3.0.3',
  'pip install --proxy http://proxy.example.org:3128 flask==3.0.3',
  'npm ci --registry=https://registry.npmjs.org',
  'gem install rails -v 8.0.1',
  'composer require acme/tool:1.2.3',
  'npx wait-on@8.0.1 http://db:8080',
])('is no download: %s', (line) => {
  expect(analysed(line).downloads).toEqual([]);
});
