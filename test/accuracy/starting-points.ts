import type { Outcome } from '../../src/model/criterion.ts';
import { file, folder, type Item, link, program } from '../facts/support.ts';
import { cellText, words } from '../fakes/table.ts';
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

/** The names and as many more as it takes to have `total`. */
export function filledUp(names: readonly string[], total = names.length): readonly string[] {
  const more = Math.max(0, total - names.length);
  return [...names, ...Array.from({ length: more }, (_, i) => `libfill${i}`)];
}

/** dpkg's database of these packages. */
export function dpkgStatus(names: readonly string[]): Item {
  return file('var/lib/dpkg/status', names.map((n) => dpkgRecord(n)).join('\n'));
}

export function osRelease(id: string, version = '13'): Item {
  return file('etc/os-release', `ID=${id}\nVERSION_ID="${version}"\n`);
}

export const PASSWD = file(
  'etc/passwd',
  'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n' +
    'toor:x:0:0:an alias of root:/root:/sbin/nologin\n',
);

export const OS_PACKAGES = ['base-files', 'libc6', 'tzdata', 'netbase'] as const;

export const DISTROLESS: Layer = [
  osRelease('debian', '12'),
  PASSWD,
  ...OS_PACKAGES.map((name) => file(`var/lib/dpkg/status.d/${name}`, dpkgRecord(name))),
  program('usr/lib/x86_64-linux-gnu/libc.so.6'),
  program('usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'),
  link('lib64/ld-linux-x86-64.so.2', '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2'),
];

const APP: Layer = [folder('app'), program('app/server')];

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

export const DEBIAN: Layer = [
  osRelease('debian'),
  PASSWD,
  dpkgStatus(filledUp(['bash', 'dash', 'apt', 'dpkg', 'libc6', 'gcc-14-base', 'perl-base'], 78)),
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
const PLAIN: Recipe = {
  layers: [DEBIAN, APP],
  config: { Env: ['PATH=/usr/bin'], Cmd: ['/app/server'] },
  created: '2026-02-20T10:00:00Z',
};

/** Criteria, as words of a text, by what is answered. */
export type Answers = { readonly [outcome in Outcome]?: string | undefined };

export function expectedOf(answers: Answers): Expected {
  const rows = Object.entries(answers) as readonly [Outcome, string | undefined][];
  return Object.fromEntries(
    rows.flatMap(([outcome, ids]) =>
      ids === undefined ? [] : words(ids).map((id): [string, Outcome] => [id, outcome]),
    ),
  );
}

/** Where labelled images begin, and what is answered of that. */
export const STARTS = {
  hardened: {
    recipe: HARDENED,
    expected: expectedOf({
      pass: `minimal-base no-build-tooling no-shell no-package-manager trusted-source
        verified-downloads signed recently-updated pinned-images pinned-packages provenance sbom
        reproducible no-secrets no-elevated-files nonroot-user annotations security-profile
        no-critical no-high no-medium no-known-cves`,
      'not-applicable': 'secrets-by-file',
    }),
  },
  plain: {
    recipe: PLAIN,
    expected: expectedOf({
      pass: 'minimal-base no-build-tooling recently-updated no-secrets',
      fail: `no-shell no-package-manager signed provenance sbom no-elevated-files nonroot-user
        annotations security-profile`,
      unknown: `trusted-source verified-downloads pinned-images pinned-packages reproducible
        secrets-by-file no-critical no-high no-medium no-known-cves`,
    }),
  },
} as const;

/** An image with other parts than the one it begins as, and what that changes. */
export function labelled(
  name: string,
  start: keyof typeof STARTS,
  parts: Partial<Recipe>,
  differs: Expected,
): Labelled {
  const { recipe, expected } = STARTS[start];
  return { name, recipe: { ...recipe, ...parts }, expected: { ...expected, ...differs } };
}
