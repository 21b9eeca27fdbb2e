import type { FlagSpec } from './flag-spec.ts';

/**
 * The flags of `docker buildx build`, visible and hidden, of 0.13.1, 0.29.1 and later: what
 * commands/build.go of docker/buildx registers. A flag that is not here is passed through as it
 * stands.
 */
export const BUILDX_FLAGS: readonly FlagSpec[] = [
  {
    name: 'add-host',
    kind: 'slice',
    value: 'HOST:IP',
    help: 'Add a custom host-to-IP mapping',
  },
  {
    name: 'allow',
    kind: 'array',
    value: 'ENTITLEMENT',
    help: 'Allow an extra entitlement (network.host, security.insecure; newer: device)',
  },
  { name: 'annotation', kind: 'array', value: 'KEY=VALUE', help: 'Add an annotation to the image' },
  { name: 'attest', kind: 'array', value: 'type=...', help: 'Attestation parameters' },
  { name: 'build-arg', kind: 'array', value: 'NAME=VALUE', help: 'Set a build-time variable' },
  {
    name: 'build-context',
    kind: 'array',
    value: 'NAME=PATH',
    help: 'Add a named build context',
  },
  { name: 'builder', kind: 'string', value: 'NAME', help: 'Use this builder instance' },
  { name: 'cache-from', kind: 'array', value: 'SOURCE', help: 'Import cache from here' },
  { name: 'cache-to', kind: 'array', value: 'DESTINATION', help: 'Export cache to here' },
  {
    name: 'call',
    kind: 'string',
    value: 'METHOD',
    since: '0.29.1',
    help: 'Evaluate the build instead of running it (check, outline, targets)',
  },
  {
    name: 'cgroup-parent',
    kind: 'string',
    value: 'CGROUP',
    help: 'Parent cgroup of RUN instructions',
  },
  { name: 'check', kind: 'bool', since: '0.29.1', help: 'Short for --call=check' },
  { name: 'debug', short: 'D', kind: 'bool', since: '0.29.1', help: 'Log debug messages' },
  {
    name: 'file',
    short: 'f',
    kind: 'string',
    value: 'FILE',
    path: true,
    help: 'The Dockerfile (default: PATH/Dockerfile)',
  },
  { name: 'iidfile', kind: 'string', value: 'FILE', path: true, help: 'Write the image ID here' },
  { name: 'label', kind: 'array', value: 'KEY=VALUE', help: 'Set metadata of the image' },
  { name: 'load', kind: 'bool', help: 'Load the image into Docker (the default)' },
  {
    name: 'metadata-file',
    kind: 'string',
    value: 'FILE',
    path: true,
    help: 'Write metadata of the build result here',
  },
  { name: 'network', kind: 'string', value: 'MODE', help: 'Networking mode of RUN instructions' },
  { name: 'no-cache', kind: 'bool', help: 'Build without the cache' },
  { name: 'no-cache-filter', kind: 'array', value: 'STAGE', help: 'Do not cache these stages' },
  {
    name: 'output',
    short: 'o',
    kind: 'array',
    value: 'type=...,dest=...',
    help: 'Where the result goes',
  },
  { name: 'platform', kind: 'array', value: 'OS/ARCH', help: 'Target platforms of the build' },
  {
    name: 'policy',
    kind: 'array',
    value: 'filename=...',
    since: '0.31.0',
    help: 'Policy that sources must meet',
  },
  {
    name: 'progress',
    kind: 'string',
    value: 'TYPE',
    choices: ['auto', 'none', 'plain', 'quiet', 'rawjson', 'tty'],
    help: 'How progress is shown',
  },
  {
    name: 'provenance',
    kind: 'string',
    value: 'true|false|mode=...',
    help: 'Short for --attest=type=provenance (false: no provenance)',
  },
  { name: 'pull', kind: 'bool', help: 'Always look for newer images' },
  { name: 'push', kind: 'bool', help: 'Push the image to its registry' },
  { name: 'quiet', short: 'q', kind: 'bool', help: 'Print the image ID only' },
  {
    name: 'resource',
    kind: 'array',
    value: 'NAME=LIMIT',
    since: '0.35.0',
    help: 'Resource limits of build containers',
  },
  {
    name: 'sbom',
    kind: 'string',
    value: 'true|false|generator=...',
    help: 'Short for --attest=type=sbom (false: no SBOM)',
  },
  {
    name: 'secret',
    kind: 'array',
    value: 'id=...,src=...',
    help: 'Secret to expose to the build',
  },
  { name: 'shm-size', kind: 'string', value: 'BYTES', help: 'Size of /dev/shm' },
  { name: 'ssh', kind: 'array', value: 'default|ID=...', help: 'SSH agent or keys to expose' },
  { name: 'tag', short: 't', kind: 'array', value: 'NAME[:TAG]', help: 'Name of the image' },
  { name: 'target', kind: 'string', value: 'STAGE', help: 'Build this stage' },
  { name: 'ulimit', kind: 'array', value: 'NAME=SOFT[:HARD]', help: 'Ulimit options' },
  ...hidden('bool', ['compress', 'rm', 'force-rm', 'squash']),
  ...hidden('slice', ['security-opt']),
  ...hidden('string', ['isolation', 'memory-swap', 'cpu-period', 'cpu-quota']),
  ...hidden('string', ['cpuset-cpus', 'cpuset-mems']),
  { name: 'memory', short: 'm', kind: 'string', hidden: true, help: 'Memory limit' },
  { name: 'cpu-shares', short: 'c', kind: 'string', hidden: true, help: 'CPU shares' },
  { name: 'print', kind: 'string', hidden: true, experimental: true, help: 'Same as --call' },
  // 0.13.1 only, with BUILDX_EXPERIMENTAL=1; later versions dropped them.
  { name: 'detach', kind: 'bool', hidden: true, experimental: true, help: 'Detach the server' },
  { name: 'root', kind: 'string', hidden: true, experimental: true, help: 'Root of the server' },
  {
    name: 'server-config',
    kind: 'string',
    hidden: true,
    experimental: true,
    help: 'Configuration of the server',
  },
];

function hidden(kind: FlagSpec['kind'], names: readonly string[]): readonly FlagSpec[] {
  return names.map((name) => ({
    name,
    kind,
    hidden: true,
    help: 'Kept by buildx for old scripts',
  }));
}
