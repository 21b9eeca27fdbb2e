/** What is looked at behind both builds, besides exit code and stdout. */
export interface FlagCase {
  /** The flag, without dashes. */
  readonly flag: string;
  /** More flags that this build stands for. */
  readonly also?: readonly string[];
  readonly args: readonly string[];
  readonly name?: string;
  /** What stands behind `FROM busybox`; `AS` goes on with its line. */
  readonly dockerfile?: string;
  readonly files?: Readonly<Record<string, string>>;
  /**
   * `image`: it is in Docker under its name, and files and config are compared; `registry`: the
   * same once pulled; `none`: no image.
   */
  readonly result?: 'image' | 'registry' | 'none';
  /**
   * Files and folders that both write: compared as text without digests, as JSON (`json` leaves out
   * what docs/compatibility.md names), as a tree, as a tar's list, or only for being there.
   */
  readonly wrote?: Readonly<
    Record<string, 'text' | 'json' | 'whole-json' | 'tree' | 'tar' | 'there'>
  >;
  /** stdout is a tar archive. */
  readonly tarOnStdout?: boolean;
  /** A wrong use: both end with the same exit code. */
  readonly wrong?: readonly string[];
  /** Ids of docs/compatibility.md. */
  readonly differs?: readonly string[];
}

const OLD =
  'rm force-rm squash isolation security-opt memory memory-swap cpu-shares cpu-period cpu-quota cpuset-cpus cpuset-mems'.split(
    ' ',
  );
const STAGES = 'AS first\nRUN echo one > /one\nFROM first AS second\nRUN echo two > /two\n';

/**
 * A build for each flag of `docker buildx build`, of both generations and of the hidden ones;
 * `registry` is where one is pushed to. A flag that a buildx shows and that has no case here fails
 * the parity test.
 */
export function flagCases(registry: string): readonly FlagCase[] {
  const cases: readonly FlagCase[] = [
    {
      flag: 'add-host',
      args: ['--add-host', 'one.test:10.9.8.7,two.test:10.9.8.6'],
      dockerfile: 'RUN grep -h .test /etc/hosts > /hosts\n',
      wrong: ['--add-host', 'nonsense'],
    },
    {
      flag: 'allow',
      args: ['--allow', 'network.host', '--network', 'host'],
      wrong: ['--allow', 'nonsense'],
    },
    {
      flag: 'annotation',
      args: ['--annotation', 'com.example.a=b', '-o', 'type=oci,dest=image.tar'],
      result: 'none',
      wrote: { 'image.tar': 'there' },
      wrong: ['--annotation', 'nonsense'],
      differs: ['annotations'],
    },
    {
      flag: 'attest',
      args: ['--attest', 'type=provenance,mode=min'],
      wrong: ['--attest', 'nonsense'],
      differs: ['attestations'],
    },
    {
      flag: 'build-arg',
      args: ['--build-arg', 'WHO=world', '--build-arg', 'PATH_OF=a=b,c'],
      dockerfile: 'ARG WHO\nARG PATH_OF\nRUN echo "$WHO $PATH_OF" > /args\n',
    },
    {
      flag: 'build-context',
      args: ['--build-context', 'other=more'],
      files: { 'more/file': 'from another folder\n' },
      dockerfile: 'COPY --from=other file /file\n',
      wrong: ['--build-context', 'nonsense'],
    },
    { flag: 'builder', args: ['--builder', 'default'], wrong: ['--builder', 'no-such-builder'] },
    {
      flag: 'cache-from',
      args: ['--cache-from', 'type=local,src=no-such-cache'],
      wrong: ['--cache-from', 'type='],
    },
    {
      flag: 'cache-to',
      args: ['--cache-to', 'type=local,dest=cache'],
      wrote: { 'cache/index.json': 'there' },
      wrong: ['--cache-to', 'type='],
    },
    {
      flag: 'call',
      args: ['--call', 'targets'],
      dockerfile: STAGES,
      result: 'none',
      wrong: ['--call', 'nonsense'],
    },
    { flag: 'call', name: '--call=outline', args: ['--call=outline'], result: 'none' },
    { flag: 'cgroup-parent', args: ['--cgroup-parent', 'scoville-parity'] },
    { flag: 'check', args: ['--check=false'], result: 'image', wrong: ['--check=perhaps'] },
    { flag: 'debug', args: ['-D'] },
    {
      flag: 'file',
      args: ['-f', 'build/Other'],
      files: { 'build/Other': 'FROM scratch\nCOPY a /a\n', a: 'a' },
      wrong: ['-f', 'no-such-file'],
    },
    { flag: 'iidfile', args: ['--iidfile', 'iid'], wrote: { iid: 'text' } },
    {
      flag: 'iidfile',
      name: '--iidfile with --quiet',
      args: ['-q', '--iidfile=iid'],
      wrote: { iid: 'text' },
    },
    {
      flag: 'label',
      args: ['--label', 'a=b', '--label', 'empty=', '--label', 'bare'],
      differs: ['labels'],
    },
    { flag: 'load', args: ['--load'] },
    {
      flag: 'metadata-file',
      args: ['--metadata-file', 'metadata.json'],
      wrote: { 'metadata.json': 'json' },
      differs: ['metadata'],
    },
    {
      flag: 'metadata-file',
      name: '--metadata-file without attestations',
      args: ['--provenance=false', '--metadata-file', 'metadata.json'],
      wrote: { 'metadata.json': 'whole-json' },
    },
    {
      flag: 'network',
      args: ['--network', 'none'],
      dockerfile: 'RUN ls /sys/class/net > /net\n',
      wrong: ['--network', 'nonsense'],
    },
    { flag: 'no-cache', args: ['--no-cache'], wrong: ['--no-cache=perhaps'] },
    { flag: 'no-cache-filter', args: ['--no-cache-filter', 'first'], dockerfile: STAGES },
    {
      flag: 'output',
      name: '-o FOLDER',
      args: ['-o', 'out'],
      result: 'none',
      wrote: { out: 'tree' },
    },
    {
      flag: 'output',
      name: '-o type=tar,dest=FILE',
      args: ['-o', 'type=tar,dest=out.tar'],
      result: 'none',
      wrote: { 'out.tar': 'tar' },
      wrong: ['-o', 'type=nonsense'],
    },
    { flag: 'output', name: '-o -', args: ['-o', '-'], result: 'none', tarOnStdout: true },
    {
      flag: 'output',
      name: '-o type=docker',
      args: ['-o', 'type=docker'],
      differs: ['compression'],
    },
    {
      flag: 'output',
      name: '-o type=oci,dest=FILE',
      args: ['-o', 'type=oci,dest=image.tar'],
      result: 'none',
      wrote: { 'image.tar': 'there' },
      differs: ['archive'],
    },
    { flag: 'output', name: '-o type=image', args: ['-o', 'type=image'] },
    {
      flag: 'output',
      name: '-o type=cacheonly',
      args: ['-o', 'type=cacheonly'],
      result: 'none',
    },
    { flag: 'platform', args: ['--platform', 'linux/amd64'], wrong: ['--platform', 'nonsense'] },
    { flag: 'progress', args: ['--progress', 'plain'], wrong: ['--progress', 'nonsense'] },
    { flag: 'progress', name: '--progress=rawjson', args: ['--progress=rawjson'] },
    {
      flag: 'provenance',
      args: ['--provenance=false'],
      wrong: ['--provenance=mode=nonsense='],
      differs: ['attestations'],
    },
    { flag: 'pull', args: ['--pull'], wrong: ['--pull=perhaps'] },
    {
      flag: 'push',
      args: ['--push', '-t', `${registry}/e2e/parity-flags-TOOL:1`],
      result: 'registry',
      wrong: ['--push=perhaps'],
      differs: ['push'],
    },
    { flag: 'quiet', args: ['--quiet'] },
    {
      flag: 'sbom',
      args: ['--sbom=false'],
      wrong: ['--sbom=generator=,'],
      differs: ['attestations'],
    },
    {
      flag: 'secret',
      args: ['--secret', 'id=token,src=token'],
      files: { token: 'not in the image' },
      dockerfile: 'RUN --mount=type=secret,id=token wc -c < /run/secrets/token > /length\n',
      wrong: ['--secret', 'id=token,src=no-such-file'],
    },
    {
      flag: 'shm-size',
      args: ['--shm-size', '32m'],
      dockerfile: "RUN df /dev/shm | tail -n 1 | awk '{print $2}' > /shm\n",
      wrong: ['--shm-size', 'nonsense'],
    },
    {
      flag: 'ssh',
      args: ['--ssh', 'default=KEY'],
      dockerfile: 'RUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo agent > /agent\n',
      wrong: ['--ssh', 'nobody=no-such-file'],
    },
    { flag: 'tag', args: ['-t', 'parity-flags-TOOL:also'], wrong: ['-t', 'NOT:lower'] },
    {
      flag: 'target',
      args: ['--target', 'first'],
      dockerfile: STAGES,
      wrong: ['--target', 'no-such-stage'],
    },
    {
      flag: 'ulimit',
      args: ['--ulimit', 'nofile=1234:1234'],
      dockerfile: 'RUN ulimit -n > /nofile\n',
      wrong: ['--ulimit', 'nonsense'],
    },
    {
      flag: 'compress',
      name: 'what buildx keeps for old scripts',
      also: OLD,
      args: [
        ...['--compress', '--rm', '--force-rm', '--squash', '--isolation=default'],
        ...['--security-opt=label=disable', '-m', '512m', '--memory-swap=-1', '-c', '2'],
        ...['--cpu-period=100000', '--cpu-quota=50000', '--cpuset-cpus=0', '--cpuset-mems=0'],
      ],
    },
    { flag: 'print', args: ['--print=outline'], result: 'none' },
    ...['detach', 'root=x', 'server-config=x'].map((text) => ({
      flag: text.split('=')[0] ?? '',
      args: [`--${text}`],
      result: 'none' as const,
    })),
    { flag: 'no-such-flag', args: ['--no-such-flag'], result: 'none' },
  ];
  return [...cases, ...moreValues(registry)];
}

/** Other values of flags than those above. */
function moreValues(registry: string): readonly FlagCase[] {
  const net = 'RUN ls /sys/class/net > /net\n';
  const values: readonly (Omit<FlagCase, 'flag'> & { readonly of: string })[] = [
    { of: 'add-host', args: ['--add-host', 'a.test=10.9.8.7', '--add-host', 'b.test:[::1]'] },
    {
      of: 'annotation',
      args: ['--annotation', 'manifest-descriptor[linux/amd64]:com.example.a=b'],
      differs: ['annotations'],
    },
    { of: 'attest', args: ['--attest', 'type=provenance,mode=max'], differs: ['attestations'] },
    { of: 'attest', args: ['--attest', 'type=sbom,disabled=true'], differs: ['attestations'] },
    {
      of: 'build-arg',
      args: ['--build-arg', 'NOT_DECLARED=1', '--build-arg', 'HTTP_PROXY=http://127.0.0.1:9'],
      dockerfile: 'RUN env | grep -i proxy > /env\n',
    },
    { of: 'build-arg', args: ['--build-arg', 'BUILDKIT_INLINE_CACHE=1'] },
    {
      of: 'build-context',
      args: ['--build-context', `alt=docker-image://${registry}/base/busybox:1`],
      dockerfile: 'COPY --from=alt /bin/busybox /other\n',
    },
    { of: 'cache-from', args: ['--cache-from', `${registry}/e2e/nothing-there:1`] },
    { of: 'cache-to', args: ['--cache-to', 'type=inline'] },
    {
      of: 'cache-to',
      args: ['--cache-to', `type=registry,ref=${registry}/e2e/parity-flags-cache-TOOL:1`],
    },
    { of: 'file', args: ['-f', './Dockerfile'] },
    { of: 'load', args: ['--load', '-o', 'type=docker'] },
    {
      of: 'load',
      args: ['--load', '-o', 'type=oci,dest=beside.tar'],
      wrote: { 'beside.tar': 'there' },
      differs: ['archive'],
    },
    { of: 'network', args: ['--network', 'host'], dockerfile: net },
    { of: 'network', args: ['--network', 'default'], dockerfile: net },
    { of: 'output', args: ['-o', 'type=image,unpack=true'] },
    {
      of: 'output',
      args: ['-o', 'type=image,compression=gzip,compression-level=9,force-compression=true'],
      differs: ['compression'],
    },
    {
      of: 'output',
      args: ['-o', 'type=docker,dest=image.tar'],
      result: 'none',
      wrote: { 'image.tar': 'there' },
      differs: ['archive'],
    },
    { of: 'output', args: ['-o', 'out', '-o', 'type=tar,dest=out.tar'], result: 'none' },
    { of: 'output', args: ['-o', 'type=local,dest=out'], result: 'none', wrote: { out: 'tree' } },
    { of: 'platform', args: ['--platform', 'linux/amd64,linux/amd64'] },
    { of: 'pull', args: ['--pull=false'] },
    { of: 'push', args: ['-o', 'type=registry'], result: 'registry' },
    { of: 'push', args: ['-o', 'type=image,push=true'], result: 'registry' },
    { of: 'push', args: ['--push', '--load'], result: 'registry' },
    {
      of: 'secret',
      args: ['--secret', 'id=path,env=PATH'],
      dockerfile: 'RUN --mount=type=secret,id=path test -s /run/secrets/path && echo yes > /yes\n',
    },
    {
      of: 'secret',
      args: ['--secret', 'type=env,id=PATH'],
      dockerfile: 'RUN --mount=type=secret,id=PATH test -s /run/secrets/PATH && echo yes > /yes\n',
    },
    { of: 'target', args: ['--target', 'FIRST'], dockerfile: STAGES },
    { of: 'ulimit', args: ['--ulimit', 'nofile=1234'], dockerfile: 'RUN ulimit -n > /nofile\n' },
  ];
  return values.map(({ of, ...one }) => ({ flag: of, ...one }));
}

/** Wrong uses besides those of the cases above, each of a flag of its own. */
export const WRONG_USES: readonly (readonly string[])[] = [
  ['--add-host', 'a.test:nonsense'],
  ['--annotation', 'nonsense:a=b'],
  ['--annotation', 'manifest[a/b/c/d]:a=b'],
  ['--attest', 'type=nonsense'],
  ['--attest', 'type=provenance,mode=nonsense'],
  ['--attest', 'mode=max'],
  ['--provenance=mode=max,disabled=perhaps'],
  ['--sbom=perhaps'],
  ['--build-context', 'x=oci-layout://nowhere'],
  ['--builder', ''],
  ['--cache-from', 'type=nonsense'],
  ['--cache-to', 'type=nonsense'],
  ['--cache-to', 'type=local'],
  ['--file', '.'],
  ['--no-cache', '--no-cache-filter', 'first'],
  ['-o', 'type=image,compression=nonsense'],
  ['-o', 'type=image,compression-level=x'],
  ['-o', 'type=image,oci-mediatypes=perhaps'],
  ['-o', 'type=image,push=perhaps'],
  ['-o', 'type=image,unpack=perhaps'],
  ['-o', 'type=image,nonsense=1'],
  ['-o', 'type=image,name=NOT'],
  ['-o', 'type=oci,dest=a,tar=perhaps'],
  ['-o', 'type='],
  ['-o', 'dest=a'],
  ['--platform', 'linux'],
  ['--push'],
  ['-q', '--progress=plain'],
  ['--secret', 'id='],
  ['--secret', 'src=a'],
  ['--secret', 'id=a,nonsense=1'],
  ['--shm-size', '-1'],
  ['--ssh', 'default'],
  ['-t', 'a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ['-t', 'a b'],
  ['--target', ''],
  ['--ulimit', 'nofile=3:1'],
];

/** Uses that end otherwise, with the difference in docs/compatibility.md, and both exit codes. */
export const OTHERWISE: readonly {
  readonly args: readonly string[];
  readonly differs: string;
  readonly codes: readonly [docker: number, scoville: number];
}[] = [
  { args: ['--iidfile', 'no/such/folder/iid'], differs: 'exit-code', codes: [1, 2] },
  { args: ['--metadata-file', 'no/such/folder/m'], differs: 'exit-code', codes: [1, 2] },
  { args: ['-o', 'type=docker,dest=a,tar=false'], differs: 'archive', codes: [1, 0] },
  { args: ['--progress', 'tty'], differs: 'tty', codes: [1, 0] },
  { args: ['--platform', 'linux/s390x'], differs: 'emulation', codes: [0, 2] },
];
