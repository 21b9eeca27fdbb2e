import type { FlagSpec } from './flag-spec.ts';
import { bool, many, ONE_RUN, slice, specsOf, text } from './flag.ts';

const OLD = 'Kept by buildx for old scripts';
const HIDDEN = { hidden: true } as const;
const SINCE_29 = { since: '0.29.1' } as const;
/** With BUILDX_EXPERIMENTAL=1. */
const EXPERIMENTAL = { hidden: true, experimental: true } as const;

/**
 * The flags of `docker buildx build`, visible and hidden, of 0.13.1, 0.29.1 and later: what
 * commands/build.go of docker/buildx registers. A flag that is not here is passed through as it
 * stands.
 */
export const BUILDX_FLAGS: readonly FlagSpec[] = specsOf({
  'add-host': slice('HOST:IP', 'Add a custom host-to-IP mapping'),
  allow: many(
    'ENTITLEMENT',
    'Allow an extra entitlement (network.host, security.insecure; newer: device)',
  ),
  annotation: many('KEY=VALUE', 'Add an annotation to the image'),
  attest: many('type=...', 'Attestation parameters'),
  'build-arg': many('NAME=VALUE', 'Set a build-time variable'),
  'build-context': many('NAME=PATH', 'Add a named build context'),
  builder: text('NAME', 'Use this builder instance'),
  'cache-from': many('SOURCE', 'Import cache from here'),
  'cache-to': many('DESTINATION', 'Export cache to here', ONE_RUN),
  call: text(
    'METHOD',
    'Evaluate the build instead of running it (check, outline, targets)',
    SINCE_29,
  ),
  'cgroup-parent': text('CGROUP', 'Parent cgroup of RUN instructions'),
  check: bool('Short for --call=check', SINCE_29),
  debug: bool('Log debug messages', { short: 'D', since: '0.29.1' }),
  file: text('FILE', 'The Dockerfile (default: PATH/Dockerfile)', { short: 'f', path: true }),
  iidfile: text('FILE', 'Write the image ID here', { ...ONE_RUN, path: true }),
  label: many('KEY=VALUE', 'Set metadata of the image'),
  load: bool('Load the image into Docker (the default)', ONE_RUN),
  'metadata-file': text('FILE', 'Write metadata of the build result here', {
    ...ONE_RUN,
    path: true,
  }),
  network: text('MODE', 'Networking mode of RUN instructions'),
  'no-cache': bool('Build without the cache', ONE_RUN),
  'no-cache-filter': many('STAGE', 'Do not cache these stages'),
  output: many('type=...,dest=...', 'Where the result goes', { ...ONE_RUN, short: 'o' }),
  platform: many('OS/ARCH', 'Target platforms of the build'),
  policy: many('filename=...', 'Policy that sources must meet', { since: '0.31.0' }),
  progress: text('TYPE', 'How progress is shown', {
    ...ONE_RUN,
    choices: ['auto', 'none', 'plain', 'quiet', 'rawjson', 'tty'],
  }),
  provenance: text(
    'true|false|mode=...',
    'Short for --attest=type=provenance (false: no provenance)',
  ),
  pull: bool('Always look for newer images', ONE_RUN),
  push: bool('Push the image to its registry', ONE_RUN),
  quiet: bool('Print the image ID only', { ...ONE_RUN, short: 'q' }),
  resource: many('NAME=LIMIT', 'Resource limits of build containers', { since: '0.35.0' }),
  sbom: text('true|false|generator=...', 'Short for --attest=type=sbom (false: no SBOM)'),
  secret: many('id=...,src=...', 'Secret to expose to the build'),
  'shm-size': text('BYTES', 'Size of /dev/shm'),
  ssh: many('default|ID=...', 'SSH agent or keys to expose'),
  tag: many('NAME[:TAG]', 'Name of the image', { short: 't' }),
  target: text('STAGE', 'Build this stage'),
  ulimit: many('NAME=SOFT[:HARD]', 'Ulimit options'),
  compress: bool(OLD, HIDDEN),
  rm: bool(OLD, HIDDEN),
  'force-rm': bool(OLD, HIDDEN),
  squash: bool(OLD, HIDDEN),
  'security-opt': slice('VALUE', OLD, HIDDEN),
  isolation: text('VALUE', OLD, HIDDEN),
  'memory-swap': text('VALUE', OLD, HIDDEN),
  'cpu-period': text('VALUE', OLD, HIDDEN),
  'cpu-quota': text('VALUE', OLD, HIDDEN),
  'cpuset-cpus': text('VALUE', OLD, HIDDEN),
  'cpuset-mems': text('VALUE', OLD, HIDDEN),
  memory: text('VALUE', 'Memory limit', { short: 'm', hidden: true }),
  'cpu-shares': text('VALUE', 'CPU shares', { short: 'c', hidden: true }),
  print: text('VALUE', 'Same as --call', EXPERIMENTAL),
  // 0.13.1 only; later versions dropped them.
  detach: bool('Detach the server', EXPERIMENTAL),
  root: text('VALUE', 'Root of the server', EXPERIMENTAL),
  'server-config': text('VALUE', 'Configuration of the server', EXPERIMENTAL),
});
