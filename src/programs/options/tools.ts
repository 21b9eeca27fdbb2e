import type { ValuedOptions } from '../program.ts';

/** Of programs that neither fetch nor install. */
export const TOOL_OPTIONS: ValuedOptions = {
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
  mise: '-C --cd',
  rustup: '-c -t --profile --default-toolchain --default-host --toolchain --component --target',
  'rustup-init': '-c -t --profile --default-toolchain --default-host',
};
