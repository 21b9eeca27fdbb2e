import { hardenedBut, type Labelled, PIN } from '../starting-points.ts';

const LOOSE = { 'pinned-packages': 'fail' } as const;
const NOT_PINNED = { 'pinned-images': 'fail' } as const;
const FINAL = `FROM gcr.io/distroless/base-debian12@${PIN}\n`;

/** A build stage with these lines, before the hardened final stage. */
function installs(
  name: string,
  lines: string,
  differs = {},
  files: Readonly<Record<string, string>> = {},
): Labelled {
  return hardenedBut(
    name,
    {
      dockerfile: {
        text: `FROM debian@${PIN} AS build\n${lines}\n${FINAL}COPY --from=build /x /x\n`,
        files,
      },
    },
    {
      'verified-downloads': 'not-applicable',
      ...differs,
    },
  );
}

function images(name: string, text: string, differs = {}, given = {}): Labelled {
  return hardenedBut(
    name,
    { dockerfile: { text, ...given } },
    {
      'verified-downloads': 'not-applicable',
      'pinned-packages': 'not-applicable',
      ...differs,
    },
  );
}

/** Versions of packages and digests of images: held, seemingly held, and free to move. */
export const PINS_LABELLED: readonly Labelled[] = [
  installs(
    'apt with a version, over two lines',
    'RUN apt-get update && \\\n  apt-get install -y --no-install-recommends \\\n    curl=8.14.1-2 \\\n    ca-certificates=20250419',
  ),
  installs('one pin of three', 'RUN apt-get install -y curl=8.14.1-2 git jq', LOOSE),
  installs('apt, not apt-get', 'RUN apt install -y curl', LOOSE),
  installs(
    'apt with the version in a variable',
    'ARG VER=8.14.1-2\nRUN apt-get install -y curl=${VER}',
  ),
  installs(
    'apt from a frozen repository',
    'RUN rm /etc/apt/sources.list.d/debian.sources && echo "deb http://snapshot.debian.org/archive/debian/20260101T000000Z trixie main" > /etc/apt/sources.list && apt-get update && apt-get install -y curl git',
  ),
  installs(
    'a frozen repository beside the ordinary one',
    'RUN echo "deb http://snapshot.debian.org/archive/debian/20260101T000000Z trixie main" > /etc/apt/sources.list && apt-get update && apt-get install -y curl git',
    LOOSE,
  ),
  installs(
    'a frozen repository in a comment',
    'RUN echo "# deb http://snapshot.debian.org/archive/debian/20260101T000000Z trixie main" > /etc/apt/sources.list.d/debian.sources && apt-get install -y curl git',
    LOOSE,
  ),
  installs(
    'apt-get upgrade takes what is newest',
    'RUN apt-get update && apt-get upgrade -y',
    LOOSE,
  ),
  installs('apk with = and ~', 'RUN apk add --no-cache curl=8.14.1-r1 jq~1.8'),
  installs('apk without', 'RUN apk add --no-cache curl', LOOSE),
  installs('apk with at least', "RUN apk add 'curl>=8'", LOOSE),
  installs('dnf with version', 'RUN dnf install -y nginx-1.26.2-1.fc41'),
  installs('yum without', 'RUN yum -y install nginx', LOOSE),
  installs('pip with ==', 'RUN pip install --no-cache-dir --root-user-action=ignore flask==3.1.0'),
  installs('pip with >=', "RUN pip install 'flask>=3'", LOOSE),
  installs(
    'pip, --root-user-action is no -r',
    'RUN pip install --root-user-action=ignore flask',
    LOOSE,
  ),
  installs(
    'pip -r with pins',
    'COPY requirements.txt .\nRUN pip install -r requirements.txt',
    {},
    { 'requirements.txt': 'flask==3.1.0\nidna==3.10\n' },
  ),
  installs(
    'pip -r without pins',
    'COPY requirements.txt .\nRUN pip install -r requirements.txt',
    LOOSE,
    { 'requirements.txt': 'flask\nidna==3.10\n' },
  ),
  installs(
    'pip -r of a file that is not seen',
    'COPY requirements.txt .\nRUN pip install -r requirements.txt',
    { 'pinned-packages': 'unknown' },
  ),
  installs(
    'pip --require-hashes',
    'COPY requirements.txt .\nRUN pip install --require-hashes -r requirements.txt',
  ),
  installs('npm ci', 'COPY package*.json ./\nRUN npm ci --omit=dev'),
  installs(
    'npm install beside a lock file',
    'COPY package*.json ./\nRUN npm install --omit=dev',
    LOOSE,
  ),
  installs('npm install of a version', 'RUN npm install -g pm2@6.0.5'),
  installs('npm --verbose is no version', 'RUN npm install --verbose -g pm2', LOOSE),
  installs('yarn --immutable', 'RUN yarn install --immutable'),
  installs('yarn', 'RUN yarn install --production', LOOSE),
  installs('pnpm --frozen-lockfile', 'RUN pnpm install --frozen-lockfile --prod'),
  installs('gem with and without -v', 'RUN gem install rake -v 13.2.1 && gem install puma', LOOSE),
  installs('gem -v', 'RUN gem install bundler -v 2.6.2 --no-document'),
  installs('bundle --frozen', 'RUN bundle install --frozen'),
  installs(
    'go install of a version and of latest',
    'RUN go install example.com/a@v1.2.3 && go install example.com/b@latest',
    LOOSE,
  ),
  installs('go install of a version', 'RUN go install example.com/a@v1.2.3'),
  installs('cargo --locked', 'RUN cargo install ripgrep --version 14.1.1 --locked'),
  installs('cargo without --locked', 'RUN cargo install ripgrep --version 14.1.1', LOOSE),
  installs(
    'a script that is named like an installer',
    'COPY npm-installer.sh /\nRUN /npm-installer.sh && echo apt-get install curl',
    { 'pinned-packages': 'unknown', 'verified-downloads': 'unknown' },
  ),
  images(
    'every reference with a digest, scratch and stages without',
    `FROM alpine@${PIN} AS a\nFROM a AS b\nFROM scratch\nCOPY --from=b /x /x\nCOPY --from=alpine@${PIN} /y /y\n`,
  ),
  images('a base without', `FROM debian:trixie-slim\n`, NOT_PINNED),
  images('COPY --from without', `${FINAL}COPY --from=busybox:1 /bin/x /x\n`, NOT_PINNED),
  images(
    'a mount from an image without',
    `FROM debian@${PIN}\nRUN --mount=from=busybox:1,target=/b true\n`,
    NOT_PINNED,
  ),
  images('a frontend without', `# syntax=docker/dockerfile:1\n${FINAL}`, NOT_PINNED),
  images('an indented from, in lower case', `${FINAL}  from debian:trixie\n`, NOT_PINNED),
  images('the digest in an ARG', `ARG BASE=alpine@${PIN}\nFROM \${BASE}\n`),
  images(
    'the digest from a build argument',
    'ARG BASE=alpine\nFROM ${BASE}\n',
    {},
    { buildArgs: { BASE: `alpine@${PIN}` } },
  ),
  images('an ARG without a value', 'ARG BASE\nFROM ${BASE}\n', {
    'pinned-images': 'unknown',
    'trusted-source': 'unknown',
  }),
  images('a user namespace', `FROM docker.io/evil/x@${PIN}\n`, { 'trusted-source': 'fail' }),
  images(
    'a user namespace in a build stage',
    `FROM evil/x@${PIN} AS b\n${FINAL}COPY --from=b /x /x\n`,
    { 'trusted-source': 'fail' },
  ),
  images('a user namespace behind a platform', `FROM --platform=$BUILDPLATFORM evil/x@${PIN}\n`, {
    'trusted-source': 'fail',
  }),
  // What the file means is for its frontend to say.
  images('an unknown frontend', `# syntax=evil/frontend@${PIN}\n${FINAL}`, {
    'trusted-source': 'fail',
    'pinned-images': 'unknown',
    'pinned-packages': 'unknown',
    'verified-downloads': 'unknown',
  }),
  images(
    'a publisher that signs, on a public registry',
    `${FINAL}COPY --from=ghcr.io/astral-sh/uv:0.9@${PIN} /uv /uv\n`,
  ),
  hardenedBut(
    'a registry that the configuration trusts',
    {
      dockerfile: { text: `FROM registry.example.com/base/x@${PIN}\n` },
      declared: { secrets: 'none', trustedImages: ['registry.example.com/base/*'] },
    },
    { 'verified-downloads': 'not-applicable', 'pinned-packages': 'not-applicable' },
  ),
];
