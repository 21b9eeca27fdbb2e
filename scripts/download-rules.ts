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
      'Only stages that the target reaches count. Every command is listed once, in the order in which it is written; nothing is run or followed. Scripts in words ' +
      '(`sh -c`), here-documents, and scripts of shell that the build shows are in the list. What no table knows leaves the criterion unknown.',
    head: ['instruction or command', 'counts'],
    rows: [
      [
        '`curl`, `wget`, `wget2`, `aria2c`, `axel` with an address of another machine; `ADD https://…`',
        'yes; not `-I`, loopback addresses, or output to `/dev/null`',
      ],
      [
        '`git clone`, `git fetch ADDRESS`, `git submodule`, `hg clone`, `cargo install --git`',
        'yes',
      ],
      [
        'objects, images and files of services (`aws s3`, `gsutil`, `oras pull`, `skopeo copy`, `rsync`, `gh release download`), connections (`nc`, `ssh HOST …`, `/dev/tcp`), scripts of other languages with an address and a call that fetches',
        'yes',
      ],
      ['packages from an address; keys and lists of repositories by address', 'yes'],
      ['programs that make the address out of a name: the table below', 'yes'],
      ['packages by name from a package manager', 'no: the manager verifies them'],
      [
        'the same where its checks are turned off (`--allow-unauthenticated`, `[trusted=yes]`, `gpgcheck=0`)',
        'yes, unverified',
      ],
      [
        'the same with any other setting about trust: an option, variable or file that is not known to leave the checks on (`Trusted: yes`, `--strict-ssl=false`, `NODE_TLS_REJECT_UNAUTHORIZED=0`, `GOPRIVATE`)',
        'unknown',
      ],
    ],
  },
  {
    heading: 'What verifies it',
    says:
      'A whole form of this list, in the same stage, before the file is used, which ends the build where it fails: behind `&&`, with `set -e`, or with `|| exit 1`. ' +
      'Anything else that looks like a check leaves it unknown, and `--record`, then `--replay` decides it.',
    head: ['form', 'verdict'],
    rows: [
      [
        '`echo "SUM  FILE" \\| sha256sum -c`, also by a here-document; `sha256sum -c LIST` of a list that the context has',
        'verified',
      ],
      ['`test "$(sha256sum FILE \\| cut -d\' \' -f1)" = SUM`', 'verified'],
      [
        '`gpg --verify FILE.asc FILE`, where each key is received by its whole fingerprint or imported from a file of the context; `gpgv` with such a keyring',
        'verified',
      ],
      [
        '`cosign verify-blob` by a key file, or by one identity and its issuer; `minisign -P KEY`',
        'verified',
      ],
      ['`ADD --checksum`, `aria2c --checksum`, a hash in the address, `@sha256:…`', 'verified'],
      [
        'a commit of 40 or 64 digits: in the command, or by `git checkout`, `git reset --hard` with nothing behind it that leaves it',
        'verified',
      ],
      ['a list that comes from where the file comes from; MD5, SHA-1', 'verified, weak'],
      [
        'such a form that cannot stop the build: before `;` without `set -e`, before `|| true`, in a pipe, in the background, or after the file was used',
        'nothing',
      ],
      ['`curl … \\| sh`, `sh -c "$(curl …)"`', 'always fails'],
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
