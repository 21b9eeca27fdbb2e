import { bases } from './harness.ts';

/** A context by its files, and the flags of a build; the same for docker buildx and scoville. */
export interface ParityCase {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** The context argument; the folder of the files where not given. */
  readonly stdin?: string;
  readonly fails?: boolean;
}

const base = `FROM ${bases.debian}\n`;

export const PARITY_CASES: readonly ParityCase[] = [
  {
    name: 'multi-stage',
    files: {
      Dockerfile: `FROM ${bases.debian} AS build\nRUN mkdir /out && echo built > /out/app\nFROM ${bases.busybox}\nCOPY --from=build /out /srv\n`,
    },
  },
  {
    name: '--target',
    flags: ['--target', 'middle'],
    files: {
      Dockerfile: `${base}RUN echo a > /a\nFROM ${bases.debian} AS middle\nRUN echo m > /m\nFROM ${bases.busybox}\nCOPY none /\n`,
    },
  },
  {
    name: 'build args',
    flags: ['--build-arg', 'WHO=world', '--build-arg', 'EMPTY'],
    files: {
      Dockerfile: `ARG BASE=${bases.debian}\nFROM \${BASE}\nARG WHO=nobody\nARG EMPTY\nRUN echo "hello $WHO [$EMPTY]" > /greeting\n`,
    },
  },
  {
    name: 'a secret',
    flags: ['--secret', 'id=token,src=token.txt'],
    files: {
      'token.txt': 'not-in-the-image',
      Dockerfile: `${base}RUN --mount=type=secret,id=token wc -c < /run/secrets/token > /length\n`,
    },
  },
  {
    name: 'heredocs',
    files: {
      Dockerfile: `# syntax-free heredocs\n${base}RUN <<EOF\nset -e\necho one > /one\necho two > /two\nEOF\nCOPY <<-"END" /etc/app.conf\n\tkey = $value\nEND\n`,
    },
  },
  {
    name: 'COPY --link with owner and mode',
    files: {
      'bin/run.sh': '#!/bin/sh\necho run\n',
      Dockerfile: `${base}COPY --link --chown=1000:1000 --chmod=0755 bin/ /opt/bin/\nCOPY --link bin/run.sh /run.sh\n`,
    },
  },
  {
    name: '.dockerignore',
    files: {
      '.dockerignore': '*.log\nsecret\n!keep.log\n',
      'a.log': 'a',
      'keep.log': 'k',
      'secret/x': 'x',
      'b.txt': 'b',
      Dockerfile: `FROM ${bases.busybox}\nCOPY . /ctx/\n`,
    },
  },
  {
    name: 'users, modes, links and whiteouts',
    files: {
      Dockerfile: `${base}RUN useradd --uid 4000 app && mkdir -p /d/e && echo x > /d/e/f && ln /d/e/f /d/g && ln -s ../d/g /d/h && chmod 4711 /d/e/f\nRUN rm -r /d/e && chown 4000:4000 /d/g && mkfifo /d/p\n`,
    },
  },
  {
    name: 'a Dockerfile on stdin and no context',
    files: {},
    stdin: `FROM ${bases.busybox}\nLABEL a=b\nENV X=y\n`,
  },
  {
    name: 'an empty context that is copied',
    files: { Dockerfile: `FROM ${bases.busybox}\nCOPY . /here/\nWORKDIR /here/sub\n` },
  },
  {
    name: 'a RUN that fails',
    fails: true,
    files: { Dockerfile: `${base}RUN echo about to fail && exit 7\n` },
  },
  {
    name: 'a Dockerfile that does not parse',
    fails: true,
    files: { Dockerfile: `${base}RUNN echo typo\n` },
  },
  {
    name: 'a COPY of what is not there',
    fails: true,
    files: { Dockerfile: `FROM ${bases.busybox}\nCOPY nothing /\n` },
  },
  { name: 'no Dockerfile', fails: true, files: { 'a.txt': 'a' } },
];
