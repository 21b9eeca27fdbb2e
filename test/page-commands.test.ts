import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingLines, pageBlocks, TEACHING_PAGES } from './e2e/page-commands.ts';

const ROOT = resolve(import.meta.dirname, '..');

const PAGE = [
  '# A page',
  '<!-- run: first: sample -->',
  '<!-- run: exit 1: scoville build | scoville fix -->',
  '',
  '```console',
  '$ scoville build \\',
  '$   -t hello .',
  'short of the gate',
  '...',
  '$ echo $?',
  '1',
  '```',
  '1. A list',
  '   ```sh',
  "   cat > Dockerfile <<'END'",
  '   FROM scratch',
  '   END',
  '   scoville lint',
  '   ```',
  '<!-- run: skip: no host -->',
  '```sh',
  'ssh host',
  '```',
  '```yaml',
  'a: b',
  '```',
].join('\n');

describe('the commands of a page', () => {
  test('are read from sh and console, with output, comments and reasons', () => {
    expect(pageBlocks('page.md', PAGE)).toEqual([
      {
        page: 'page.md',
        line: 5,
        first: ['sample'],
        exits: [
          [1, 'scoville build'],
          [1, 'scoville fix'],
        ],
        commands: [
          { text: 'scoville build \\\n  -t hello .', output: ['short of the gate', '...'] },
          { text: 'echo $?', output: ['1'] },
        ],
      },
      {
        page: 'page.md',
        line: 14,
        first: [],
        exits: [],
        commands: [
          { text: "cat > Dockerfile <<'END'\nFROM scratch\nEND", output: [] },
          { text: 'scoville lint', output: [] },
        ],
      },
      {
        page: 'page.md',
        line: 21,
        skip: 'no host',
        first: [],
        exits: [],
        commands: [{ text: 'ssh host', output: [] }],
      },
    ]);
  });

  test.each([
    ['<!-- run: later: no -->\n```sh\nls\n```', 'page.md:1 cannot be read'],
    ['<!-- run: skip: no -->\ntext\n```sh\nls\n```', 'page.md:2 a block has to follow'],
  ])('%j is an error', (text, problem) => {
    expect(() => pageBlocks('page.md', text)).toThrow(problem);
  });

  test('output is compared without digests, folders and gaps, in its order', () => {
    const printed = ` hello   sha256:${'ab'.repeat(32)}\nwritten: /tmp/scoville-docs-x/work/hello/scoville.lock\nlast\n`;
    expect(
      missingLines(
        [`hello sha256:${'01'.repeat(32)}`, '...', 'written: /home/me/hello/scoville.lock'],
        printed,
      ),
    ).toEqual([]);
    expect(missingLines(['last', 'hello sha256:0123456789ab'], printed)).toEqual([
      'hello sha256:0123456789ab',
    ]);
    expect(missingLines(['Level 2'], printed)).toEqual(['Level 2']);
  });
});

test('these blocks are not run by docs-commands.e2e.test.ts, and why', () => {
  const skipped = TEACHING_PAGES.flatMap((page) =>
    pageBlocks(page, readFileSync(join(ROOT, page), 'utf8')),
  ).flatMap(({ page, skip, commands }) =>
    skip === undefined ? [] : [[page, commands[0]?.text.split(/ +[#\\]/)[0], skip]],
  );
  expect(skipped).toEqual([
    [
      'README.md',
      'npm ci && npm link',
      'it changes the npm prefix of the machine; package.e2e.test.ts installs the package',
    ],
    [
      'docs/tutorials/publish-from-github.md',
      'scoville verify --min-level 2',
      'the signer is a workflow at GitHub, and its log entry is in Rekor',
    ],
    [
      'docs/how-to/admit-only-what-you-signed.md',
      'cp policies/containers/policy.json /etc/containers/policy.json',
      'test/e2e/policy.e2e.test.ts runs skopeo and podman with these files',
    ],
    [
      'docs/how-to/admit-only-what-you-signed.md',
      'kubectl apply -f policies/policy-controller.yaml',
      'it needs a cluster; test/trust checks the fields and the rules',
    ],
    ...[
      ['scoville db update', "needs OSV's server"],
      ['mkdir -p osv/Debian osv/npm', "needs OSV's server"],
      ['scoville db update --from /media/osv Debian npm', 'needs what was copied'],
    ].map((block) => ['docs/how-to/air-gapped.md', ...block]),
    [
      'docs/how-to/carry-images.md',
      'scoville mirror registry.example.com/shop/api:1 oci-archive:api.tar',
      'no such registry',
    ],
    ...[
      'scoville build -t shop .',
      `scoville fix --yes --verify --max-risk medium --smoke 'curl -fsS "$SCOVILLE_URL/"'`,
      'scoville build --load -t shop .',
    ].map((command) => [
      'docs/how-to/existing-to-ghost.md',
      command,
      'the project of the page is not that of the tests',
    ]),
    ...[
      'scoville build --min-level 5 --push -t registry.example.com/shop:1 .',
      'scoville verify --min-level 5 --key cosign.pub registry.example.com/shop:1',
    ].map((command) => [
      'docs/how-to/existing-to-ghost.md',
      command,
      'scripts/ghost.mjs runs this on another project (npm run ghost)',
    ]),
    ...[
      'npm install --global scoville@VERSION',
      'tar -xzf scoville-VERSION-linux-x64.tar.gz scoville',
      'sudo apt install ./scoville_VERSION_all.deb',
      'docker run --rm --network host',
    ].map((command) => [
      'docs/how-to/install.md',
      command,
      'nothing is released yet; npm run release -- --dry-run installs each form in a clean root',
    ]),
    [
      'docs/how-to/install.md',
      'npm ci && node dist/scoville.js build -t scoville .',
      'it builds what package.e2e.test.ts and release.mjs build',
    ],
    [
      'docs/how-to/keyless.md',
      'scoville build --push --public-log -t registry.example.com/shop/api:1 .',
      'Fulcio and Rekor sign for the identity of a job',
    ],
    [
      'docs/how-to/keyless.md',
      'scoville verify --certificate-identity jane@example.com',
      'Fulcio and Rekor sign for the identity of a person',
    ],
    [
      'docs/how-to/security-profile.md',
      'scoville profile --exercise exercises.yaml my-app',
      'test/e2e/profile.e2e.test.ts makes one of examples/node-app',
    ],
    [
      'docs/how-to/security-profile.md',
      'docker run --security-opt seccomp=seccomp.json my-app',
      'test/e2e/profile.e2e.test.ts runs a container under the profile',
    ],
    [
      'docs/how-to/security-profile.md',
      'scoville profile --check --exercise exercises.yaml my-app',
      'test/e2e/profile.e2e.test.ts checks a profile',
    ],
    ...[
      'cosign verify-blob --bundle SHA256SUMS.sigstore.json --new-bundle-format',
      'npm install scoville@VERSION && npm audit signatures',
      'scoville verify --min-level 1 --type provenance --type sbom',
    ].map((command) => [
      'docs/how-to/verify-a-release.md',
      command,
      'nothing is released yet; release.e2e.test.ts runs the first of these with a key',
    ]),
    [
      'docs/how-to/verify-a-release.md',
      'npm ci && scripts/engine.sh up && eval "$(scripts/engine.sh env)"',
      'it makes a whole release; scripts/release.mjs is run by its own test',
    ],
    ...[
      'scoville vex --vulnerability CVE-2026-1234 --package pkg:npm/left-pad',
      'scoville vex --review --attach registry.example.com/shop:1',
      "scoville vex --vulnerability CVE-2026-1234 --reason 'we never parse files of users'",
    ].map((command) => [
      'docs/how-to/waive-a-vulnerability.md',
      command,
      'vex.test.ts and vex.e2e.test.ts run these calls',
    ]),
    [
      'docs/how-to/waive-a-vulnerability.md',
      'trivy image --vex vex/shop.vex.json registry.example.com/shop:1',
      'these scanners need their databases',
    ],
    [
      'docs/how-to/waive-a-vulnerability.md',
      'scoville vex --vulnerability CVE-2026-1234 --package pkg:npm/left-pad',
      'vex.test.ts and vex.e2e.test.ts run these calls',
    ],
  ]);
});
