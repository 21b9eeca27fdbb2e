import type { RuleTable } from './criteria-rules.ts';

/** What the criterion on downloads counts, and what verifies one. */
export const DOWNLOADS: readonly RuleTable[] = [
  {
    heading: 'What is a download',
    says:
      'Only stages that the target reaches count. Commands are read as they stand; nothing is run. A file that a RUN starts, and a program that no ' +
      'table knows, leave the criterion unknown.',
    head: ['instruction or command', 'counts'],
    rows: [
      [
        '`curl`, `wget`; `ADD https://…`; `git clone`, `git submodule update`',
        'yes; not from this machine, nor to `/dev/null`',
      ],
      [
        'what other programs take (`aws s3`, `oras pull`, `gh release download`, scripts of Python)',
        'unknown',
      ],
      ['packages, keys and lists of repositories from an address', 'yes'],
      ['packages by name, and toolchains by `rustup`, `nvm`', 'no: the program verifies them'],
      [
        'packages by name, its checks turned off (`--allow-unauthenticated`, `[trusted=yes]`, `gpgcheck=0`)',
        'yes, unverified',
      ],
      [
        'packages by name with any other setting about trust that is not known to leave them on',
        'unknown',
      ],
    ],
  },
  {
    heading: 'What verifies it',
    says:
      'A whole form of this list, in the same stage, before the file is used, which ends the build where it fails: behind `&&`, with `set -e`, or with `|| exit 1`. ' +
      'Anything else that looks like a check leaves it unknown.',
    head: ['form', 'verdict'],
    rows: [
      [
        '`echo "SUM  FILE" \\| sha256sum -c`, also by a here-document; `sha256sum -c LIST` of a list that the context has, or that one `echo` wrote',
        'verified',
      ],
      [
        '`gpg --verify FILE.asc FILE`, where each key is received by its whole fingerprint',
        'verified',
      ],
      ['`cosign verify-blob` by a key file, or by one identity and its issuer', 'verified'],
      ['`ADD --checksum`, a hash in an address of pip or uv, `@sha256:…`', 'verified'],
      [
        'a commit of 40 digits: in the command, or by `git checkout`, `git switch --detach`, `git reset --hard` with no other option or path, and nothing behind it that leaves it',
        'verified',
      ],
      ['a list of MD5 or SHA-1 sums', 'verified, weak'],
      ['what nothing checks: `cargo binstall`, `hf download`', 'nothing'],
      [
        'such a form that cannot stop the build: before `;` without `set -e`, before `|| true`, in a pipe, or in the background',
        'nothing',
      ],
      ['`curl … \\| sh`, `sh -c "$(curl …)"`', 'always fails'],
    ],
  },
];
