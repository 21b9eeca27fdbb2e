import type { Outcome } from '../../src/model/criterion.ts';
import { file, folder, type Item, link, program } from '../facts/support.ts';
import { cellText } from '../fakes/table.ts';
import type { Layer, Recipe } from './made-image.ts';
import { KEY, provenance, sbom, scanOf, seccomp } from './statements.ts';

export type Expected = Readonly<Record<string, Outcome>>;

/** An image with what is true of it. */
export interface Labelled {
  readonly name: string;
  readonly recipe: Recipe;
  /** Every criterion's right answer. */
  readonly expected: Expected;
}

export const PIN = `sha256:${'a'.repeat(64)}`;

/** A Dockerfile of a table: `@PIN` is a digest, `@SUM` a checksum. */
export function dockerfileOf(cell: string): string {
  return cellText(cell).replaceAll('@PIN', PIN).replaceAll('@SUM', 'b'.repeat(64));
}

/** A dpkg record, as `status` and distroless' `status.d` hold it. */
export function dpkgRecord(name: string, version = '1.0-1'): string {
  return `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n`;
}

/** dpkg's database of these packages and as many more as it takes to have `total`. */
export function dpkgStatus(names: readonly string[], total = names.length): Item {
  const more = Array.from({ length: Math.max(0, total - names.length) }, (_, i) => `libfill${i}`);
  return file('var/lib/dpkg/status', [...names, ...more].map((n) => dpkgRecord(n)).join('\n'));
}

export function osRelease(id: string, version = '13'): Item {
  return file('etc/os-release', `ID=${id}\nVERSION_ID="${version}"\n`);
}

export const PASSWD = file(
  'etc/passwd',
  'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n' +
    'toor:x:0:0:an alias of root:/root:/sbin/nologin\n',
);

const DISTROLESS: Layer = [
  osRelease('debian', '12'),
  PASSWD,
  ...['base-files', 'libc6', 'tzdata', 'netbase'].map((name) =>
    file(`var/lib/dpkg/status.d/${name}`, dpkgRecord(name)),
  ),
  program('usr/lib/x86_64-linux-gnu/libc.so.6'),
  program('usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'),
  link('lib64/ld-linux-x86-64.so.2', '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'),
];

export const APP: Layer = [folder('app'), program('app/server')];

export const DOCKERFILE = `# syntax=docker/dockerfile:1@${PIN}
ARG GO=1.24
FROM golang:\${GO}@${PIN} AS build
ADD --checksum=${PIN} https://example.com/schema.json /src/schema.json
RUN apt-get update && apt-get install -y --no-install-recommends git=1:2.47.3-0+deb13u1
RUN CGO_ENABLED=0 go build -o /server ./...
FROM gcr.io/distroless/base-debian12@${PIN}
COPY --from=build /server /app/server
USER 65532:65532
ENTRYPOINT ["/app/server"]
`;

export const OS_PACKAGES = ['base-files', 'libc6', 'tzdata', 'netbase'] as const;

/**
 * An image of which every criterion is met: each label that departs from it says what one change
 * does.
 */
export const HARDENED: Recipe = {
  layers: [DISTROLESS, APP],
  config: { User: '65532:65532', Env: ['PATH=/app'], Entrypoint: ['/app/server'] },
  created: '2026-02-27T10:00:00Z',
  annotations: {
    'org.opencontainers.image.created': '2026-02-27T10:00:00Z',
    'org.opencontainers.image.source': 'https://git.example.com/team/server',
    'org.opencontainers.image.vendor': 'Example Ltd',
  },
  dockerfile: { text: DOCKERFILE },
  signatures: [{ kind: 'cosign-bundle', verification: 'verified', verifiedBy: KEY }],
  attestations: (subjects) => [
    provenance(subjects),
    sbom(subjects, OS_PACKAGES),
    seccomp(subjects),
  ],
  scan: scanOf(),
  reproduction: { reproducible: true, statedBy: 'this-run', differences: 0 },
  declared: { secrets: 'none' },
};

const HARDENED_EXPECTED: Expected = {
  'minimal-base': 'pass',
  'no-build-tooling': 'pass',
  'no-shell': 'pass',
  'no-package-manager': 'pass',
  'trusted-source': 'pass',
  'verified-downloads': 'pass',
  signed: 'pass',
  'recently-updated': 'pass',
  'pinned-images': 'pass',
  'pinned-packages': 'pass',
  provenance: 'pass',
  sbom: 'pass',
  reproducible: 'pass',
  'no-secrets': 'pass',
  'no-elevated-files': 'pass',
  'nonroot-user': 'pass',
  'secrets-by-file': 'not-applicable',
  annotations: 'pass',
  'security-profile': 'pass',
  'no-critical': 'pass',
  'no-high': 'pass',
  'no-medium': 'pass',
  'no-known-cves': 'pass',
};

const DEBIAN: Layer = [
  osRelease('debian'),
  PASSWD,
  dpkgStatus(['bash', 'dash', 'apt', 'dpkg', 'libc6', 'gcc-14-base', 'perl-base'], 78),
  link('bin', 'usr/bin'),
  ...['bash', 'dash', 'apt', 'apt-get', 'dpkg', 'perl', 'find', 'ls'].map((name) =>
    program(`usr/bin/${name}`),
  ),
  link('usr/bin/sh', 'dash'),
  program('usr/bin/su', undefined, 0o4755),
];

/**
 * What `docker build` of a few lines on Debian gives: no attestation, no Dockerfile at hand, no
 * scanner.
 */
export const PLAIN: Recipe = {
  layers: [DEBIAN, APP],
  config: { Env: ['PATH=/usr/bin'], Cmd: ['/app/server'] },
  created: '2026-02-20T10:00:00Z',
};

const PLAIN_EXPECTED: Expected = {
  'minimal-base': 'pass',
  'no-build-tooling': 'pass',
  'no-shell': 'fail',
  'no-package-manager': 'fail',
  'trusted-source': 'unknown',
  'verified-downloads': 'unknown',
  signed: 'fail',
  'recently-updated': 'pass',
  'pinned-images': 'unknown',
  'pinned-packages': 'unknown',
  provenance: 'fail',
  sbom: 'fail',
  reproducible: 'unknown',
  'no-secrets': 'pass',
  'no-elevated-files': 'fail',
  'nonroot-user': 'fail',
  'secrets-by-file': 'unknown',
  annotations: 'fail',
  'security-profile': 'fail',
  'no-critical': 'unknown',
  'no-high': 'unknown',
  'no-medium': 'unknown',
  'no-known-cves': 'unknown',
};

/** The hardened image with other parts, and what that changes. */
export function hardenedBut(
  name: string,
  parts: Partial<Recipe>,
  differs: Expected = {},
): Labelled {
  return labelled(name, HARDENED, HARDENED_EXPECTED, parts, differs);
}

/** The hardened image with layers on it, and what that changes. */
export function hardenedWith(
  name: string,
  layers: readonly Layer[],
  differs: Expected = {},
  parts: Partial<Recipe> = {},
): Labelled {
  return hardenedBut(name, { layers: [...HARDENED.layers, ...layers], ...parts }, differs);
}

/** The plain image with other parts, and what that changes. */
export function plainBut(name: string, parts: Partial<Recipe>, differs: Expected = {}): Labelled {
  return labelled(name, PLAIN, PLAIN_EXPECTED, parts, differs);
}

export function plainWith(
  name: string,
  layers: readonly Layer[],
  differs: Expected = {},
  parts: Partial<Recipe> = {},
): Labelled {
  return plainBut(name, { layers: [...PLAIN.layers, ...layers], ...parts }, differs);
}

function labelled(
  name: string,
  start: Recipe,
  expected: Expected,
  parts: Partial<Recipe>,
  differs: Expected,
): Labelled {
  return { name, recipe: { ...start, ...parts }, expected: { ...expected, ...differs } };
}
