import { NAMED_FETCHES } from '../src/programs/named-fetches.ts';
import type { RuleTable } from './criteria-rules.ts';

const VERDICTS = {
  'own sums': 'verified',
  'sums of the origin': 'verified, weak',
  nothing: 'nothing',
} as const;
/** What the criterion on downloads counts, and what verifies one. */
export const DOWNLOADS: readonly RuleTable[] = [
  {
    heading: 'What is a download',
    says:
      'Shell is parsed: here-documents, `&&` chains, subshells, functions, loops and variables are followed; comments, HEALTHCHECK, `echo` and the ' +
      'installation of curl are none. Only stages that the target reaches count.',
    head: ['instruction or command', 'counts'],
    rows: [
      [
        '`curl`, `wget`, `wget2`, `aria2c`, `axel` with an address of another machine',
        'yes; not `-I`, loopback addresses, output to `/dev/null`, nor the answer to an upload that nothing takes. The value of an option is not an address. `wget -i`, `curl -K` and `aria2c -i` fetch from addresses that are not known',
      ],
      ['`ADD https://…`, `ADD https://….git`', 'yes'],
      [
        '`git clone`, `git fetch ADDRESS`, `git remote add`, `git submodule update --remote`, `gh repo clone`, `cargo install --git`',
        'yes',
      ],
      [
        '`aws s3`, `aws s3api get-object`, `gsutil`, `gcloud storage`, `az storage`, `azcopy`, `s3cmd`, `rclone`, `gdown`, `kaggle`, `gh release download`, `rsync`, `scp`, `sftp`, `svn`, `hg`, `ftp`, `lftp` and kin',
        'yes; not what they send',
      ],
      [
        '`python -c`, `node -e`, `php -r`, `perl -e`, `R -e`, `pwsh` and the like, here-documents too, with an address and a call that fetches it; `from_pretrained("NAME")`, `snapshot_download`, `install_github`',
        'yes',
      ],
      [
        '`oras pull`, `crane export`, `skopeo copy docker://…`, `docker pull`, `imgpkg`, `flux`, `helm pull`',
        'yes',
      ],
      [
        '`nc`, `ncat`, `socat`, `telnet`, `ssh HOST …`, `openssl s_client`, `/dev/tcp/HOST/PORT`',
        'where a file, another program or a word takes what comes; not `-z`, `-l`, a look by `grep`',
      ],
      ['programs that make the address out of a name: the table below', 'yes'],
      [
        '`rpm --import https://…`, `gpg --fetch-keys`, `dnf config-manager --add-repo https://….repo`, `zypper addrepo https://….repo`',
        'yes: keys and repositories are what packages are trusted by',
      ],
      [
        '`pip`, `pipx`, `uv`, `uvx`, `npm`, `npx`, `yarn`, `pnpm`, `bun`, `gem`, `cpanm`, `luarocks`, `conda`, `*-plugin install` from an address',
        'yes',
      ],
      ['`apt`, `apk`, `dnf`, `yum`, `zypper`, `rpm` of a package’s address', 'yes'],
      [
        '`./mvnw`, `./gradlew` where their settings are shown',
        'yes: the build tool, verified by `distributionSha256Sum` in the settings',
      ],
      ['packages by name from a package manager', 'no: the manager verifies them'],
      [
        'the same where it is set not to: `--allow-unauthenticated`, `--allow-untrusted`, `--nogpgcheck`, `--trusted-host`, `[trusted=yes]`, `gpgcheck=0`',
        'yes, unverified',
      ],
    ],
  },
  {
    heading: 'What verifies it',
    says: 'Before use, in the same or a later instruction, in a way that stops the build.',
    head: ['check', 'verdict'],
    rows: [
      [
        '`sha256sum -c` and kin, `shasum`, `openssl dgst` compared, `test "$(sha256sum f)" = …`, `… | grep -q SUM`',
        'verified',
      ],
      [
        '`gpg --verify`, `gpgv`, `sqv`, `cosign verify-blob`, `minisign -V`, `signify`, `slsa-verifier`, `gh attestation verify`, `notation blob verify`, `jarsigner -verify -strict`, `ssh-keygen -Y verify`',
        'verified',
      ],
      ['`ADD --checksum`, `aria2c --checksum`, a hash in pip’s or npm’s address', 'verified'],
      [
        "a hash that a script compares and ends by: `php -r \"if (hash_file('sha384', 'f') !== '…') exit(1);\"`, `python -c \"assert hashlib.sha256(…\"`",
        'verified',
      ],
      [
        'a reference of oras, crane, helm and kin with `@sha256:…`; `helm pull --verify`',
        'verified',
      ],
      [
        'a git commit of 40 or 64 digits, by `--revision`, `checkout`, `reset` or the address, or with which `git rev-parse HEAD` is compared; a changeset of Mercurial; a verified tag',
        'verified',
      ],
      [
        '`gpg --export FINGERPRINT` (40 digits) out of what `gpg --import` took, whose keyring checks nothing itself',
        'verified: one key goes on',
      ],
      [
        '`gpg --show-keys KEYS`, `gpg --fingerprint`, `… | grep FINGERPRINT`',
        'verified, weak: other keys may be in the file',
      ],
      ['a checksum list from the same origin as the file, unsigned', 'verified, weak'],
      ['MD5, SHA-1', 'verified, weak'],
      [
        '`sha256sum f | grep` of less than a sum, or with `-v`; `cosign verify-blob` with an identity that anybody has (`.*`)',
        'nothing',
      ],
      [
        '`gpg` with `auto-key-retrieve`, `cosign` with a key that is an address, `rpm --checksig`, `jarsigner -verify` without `-strict`',
        'nothing: any signature passes, or none',
      ],
      [
        'a check of another file; `gpg --dearmor`, `--import`; a checksum that is only printed',
        'nothing',
      ],
      [
        'a check behind `|| true`, before `;` without `set -e`, or into a pipe that swallows it',
        'nothing: it cannot stop the build',
      ],
      [
        'a check in a later stage that got the file by `COPY --from`, `--mount=from` or FROM, or after `mv`, `cp`, `install`: followed by its path',
        'as in its own stage',
      ],
      [
        'a check after the file was unpacked or run; a use in a stage that does not wait for the check',
        'nothing: too late',
      ],
      [
        'a check that runs only under a condition (`if [ -n "$SUM" ]`, `[ -z "$SUM" ] || …`), unless each way on has one or the download stands under it too',
        'nothing',
      ],
      [
        'a checksum made from the file itself; a commit that a later `git checkout` or `pull` leaves',
        'nothing',
      ],
      ['`curl … | sh`, `sh -c "$(curl …)"`, `source <(curl …)`', 'always fails'],
    ],
  },
  {
    heading: 'Programs that make an address out of a name',
    says: 'What each checks on its own. A checksum or signature check of the file in the Dockerfile counts for none of them, as the file’s place is not known.',
    head: ['program', 'fetches by', 'verdict', 'reason'],
    rows: Object.entries(NAMED_FETCHES).map(([program, { verbs, checks, pinned, reason }]) => [
      `\`${program}\``,
      (verbs ?? []).map((verb) => `\`${verb}\``).join(', '),
      VERDICTS[checks] + (pinned === undefined ? '' : `; verified with \`${pinned[0]}\``),
      reason,
    ]),
  },
];
