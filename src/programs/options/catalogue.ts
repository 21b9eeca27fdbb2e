import { MANAGER_FAMILIES } from '../managers/catalogue.ts';
import { unversioned, type ValuedOptions } from '../program.ts';
import { OBJECT_FETCHERS, PULLERS, type ServiceOptions } from '../services.ts';
import { FETCHER_OPTIONS } from './fetchers.ts';

/** Of programs that neither fetch nor install. */
const TOOL_OPTIONS: ValuedOptions = {
  git: '-b -c -C -o -j --branch --depth --config --origin --reference --template --revision --jobs --filter --git-dir --work-tree --separate-git-dir --upload-pack --shallow-since',
  hg: '-r -u -b -e -R --rev --updaterev --branch --ssh --config --cwd --repository',
  'gh glab': '-u --upstream-remote-name',
  'nc ncat netcat nc.openbsd nc.traditional telnet':
    '-w -p -s -i -q -x -X -e -c -T -I -O -m --wait --source-port --proxy',
  socat: '-b -t -T -l -x -v',
  ssh: '-i -p -o -F -J -l -L -R -D -b -c -m -e -E -S -W -w -I -B -Q',
  'gpg gpgv':
    '-o -u -r --output --homedir --keyring --trust-model --status-fd --logger-fd --keyserver --keyserver-options --passphrase --pinentry-mode --export-options',
  cosign:
    '--key --certificate --certificate-identity --certificate-identity-regexp --certificate-oidc-issuer --certificate-oidc-issuer-regexp --signature --bundle --cert --rekor-url --trusted-root',
  'sha1sum sha224sum sha256sum sha384sum sha512sum b2sum shasum cksum':
    '-a -l --algorithm --length',
  'grep egrep fgrep': '-e --regexp -m --max-count -f --file -A -B -C -d -D',
  'cp mv ln install': '-t -m -o -g -S --target-directory --mode --owner --group --suffix',
  'tar bsdtar': '-C -f --directory --file',
  unzip: '-d',
  cpio: '-D -E -F -H -I -O --directory --file --format',
  'useradd usermod':
    '-u -g -G -c -d -e -f -k -K -p -s -Z -b --uid --gid --groups --comment --home --home-dir --expiredate --inactive --skel --key --password --shell --selinux-user --base-dir',
  adduser:
    '-u -g -G -h -k -s -d -c -p --uid --gid --ingroup --home --shell --gecos --comment --skel --firstuid --lastuid --conf --add_extra_groups',
  mise: '-C --cd',
  rustup: '-c -t --profile --default-toolchain --default-host --toolchain --component --target',
  'rustup-init': '-c -t --profile --default-toolchain --default-host',
};

/** The options of a service's own program, whatever part they play. */
function serviceOptions(table: Readonly<Record<string, ServiceOptions>>): ValuedOptions {
  return Object.fromEntries(
    Object.entries(table).map(([program, { name, file, folder, valued }]) => [
      program,
      [name, file, folder, valued].filter((options) => options !== undefined).join(' '),
    ]),
  );
}

const BY_PROGRAM = new Map<string, string>();
for (const table of [
  ...MANAGER_FAMILIES.map(({ valued = {} }) => valued),
  FETCHER_OPTIONS,
  TOOL_OPTIONS,
  serviceOptions(OBJECT_FETCHERS),
  serviceOptions(PULLERS),
])
  for (const [programs, options] of Object.entries(table))
    for (const program of programs.split(' '))
      BY_PROGRAM.set(program, `${BY_PROGRAM.get(program) ?? ''} ${options}`);

const NONE: ReadonlySet<string> = new Set();
const READ = new Map<string, ReadonlySet<string>>();

/** The options of a program that take a value as their next word; `pip3.12` has those of `pip`. */
export function valuedOptions(program: string): ReadonlySet<string> {
  const name = BY_PROGRAM.has(program) ? program : unversioned(program);
  const options = BY_PROGRAM.get(name);
  if (options === undefined) return NONE;
  const known = READ.get(name) ?? new Set(options.split(' '));
  READ.set(name, known);
  return known;
}
