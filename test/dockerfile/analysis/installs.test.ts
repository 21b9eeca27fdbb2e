import { describe, expect, test } from 'vitest';
import { analysisOf, installs } from './support.ts';

describe('OS package managers', () => {
  test.each([
    ['RUN apt-get update && apt-get install -y curl', ['apt: curl']],
    [
      'RUN apt-get update && \\\n  # why\n  apt-get install -y --no-install-recommends \\\n    curl=7.88.1-10 \\\n    git \\\n && rm -rf /var/lib/apt/lists/*',
      ['apt: curl=7.88.1-10, git'],
    ],
    [
      'RUN apt -qqy -o Dpkg::Use-Pty=0 -t bookworm install a=1 b/bookworm ./c.deb d-',
      ['apt: a=1, b; file ./c.deb'],
    ],
    ['RUN DEBIAN_FRONTEND=noninteractive sudo -E apt-get install --yes a', ['apt: a']],
    ['RUN apt-get install -y curl=7.*', ['apt: curl']],
    ['ARG V\nRUN apt-get install -y curl=$V', ['apt: curl=${V}']],
    ['ENV P="a=1 b=2"\nRUN apt-get install -y $P', ['apt: a=1, b=2']],
    ['RUN apt-get install -y $PACKAGES', ['apt: ${PACKAGES}; unresolved']],
    ['RUN apt-get install -y $(cat list)', ['apt: $(...); unresolved']],
    ['RUN cat list | xargs apt-get install -y a=1', ['apt: a=1, $(stdin); unresolved']],
    ['RUN apt-get update; apt-get remove -y curl; apt-get --version', []],
    ['RUN apt-get -S 20250101T000000Z install -y a', ['apt: a; frozen']],
    [
      'RUN echo "deb http://snapshot.debian.org/archive/debian/20250101T000000Z trixie main" > /etc/apt/sources.list\nRUN apt-get install -y a',
      ['apt: a; frozen'],
    ],
    [
      'COPY <<EOF /etc/apt/sources.list.d/debian.sources\nURIs: https://snapshot.debian.org/archive/debian/20250101T000000Z\nEOF\nRUN apt-get install -y a',
      ['apt: a; frozen'],
    ],
    [
      'RUN apk add --no-cache -t .deps curl=8.1-r0 git~2.4 jq~=1.7 bash@edge',
      ['apk: curl=8.1-r0, git=2.4, jq=1.7, bash'],
    ],
    ["RUN apk add 'a>1' /tmp/x.apk !b", ['apk: a; file /tmp/x.apk']],
    ['RUN apk --no-cache --repository http://x add a=1', ['apk: a=1']],
    [
      'RUN dnf install -y nginx-1.20.1 java-17-openjdk gcc-toolset-12 foo-1:2.3-4.el9 bar-*',
      ['dnf: nginx=1.20.1, java-17-openjdk, gcc-toolset-12, foo=1:2.3-4.el9, bar-*'],
    ],
    ['RUN microdnf -y install java-1.8.0-openjdk-1.8.0.392', ['dnf: java-1.8.0-openjdk=1.8.0.392']],
    ['RUN dnf --releasever=2023.6.20250203 install -y a', ['dnf: a; frozen']],
    ['RUN dnf module install -y nodejs:18', ['dnf: nodejs:18']],
    ['RUN zypper -n in a=1.2 b', ['zypper: a=1.2, b']],
    ['RUN pacman -Syu --noconfirm a', ['pacman: a']],
    ['RUN pacman -Syu --noconfirm', ['pacman:']],
    ['RUN apt-get update && apt-get -y dist-upgrade', ['apt:']],
    ['RUN apt-get -S 20250101T000000Z -y upgrade', ['apt:; frozen']],
    ['RUN apk upgrade --no-cache', ['apk:']],
    ['RUN yum -y update && dnf upgrade -y openssl', ['dnf:', 'dnf: openssl']],
    ['RUN dnf --releasever=2023.6.20250203 -y update', ['dnf:; frozen']],
    ['RUN zypper -n patch', ['zypper:']],
    ['RUN apt-get update && apk update && zypper refresh && dnf makecache', []],
  ])('%j', (run, expected) => {
    expect(installs(run)).toEqual(expected);
  });
});

describe('language package managers', () => {
  test.each([
    ['RUN pip install a==1.0 b "c[x]==2; python_version>\'3\'" d>=1', ['pip: a=1.0, b, c=2, d']],
    ['RUN pip install --root-user-action=ignore a', ['pip: a']],
    ['RUN pip install --root-user-action ignore --build /x a==1', ['pip: a=1']],
    ['RUN pip install -r requirements.txt', ['pip:; file requirements.txt']],
    ['RUN pip install --require-hashes -r requirements.txt', ['pip:; lock; file requirements.txt']],
    ['RUN python3.12 -m pip install -U pip', ['pip: pip']],
    ['RUN pip3.12 install a==1.*', ['pip: a']],
    ['RUN pip install --no-deps .', []],
    ['RUN pip install .', ['pip: .']],
    ['RUN pip install --no-index /wheels/*.whl b', ['pip: b; frozen']],
    ['RUN uv sync --frozen', ['uv:; lock']],
    ['RUN uv sync', ['uv:']],
    ['ENV UV_FROZEN=1\nRUN uv sync --no-dev', ['uv:; lock']],
    ['RUN uv pip install a==1 b', ['uv: a=1, b']],
    ['COPY pyproject.toml poetry.lock ./\nRUN poetry install', ['poetry:; lock']],
    ['COPY pyproject.toml ./\nRUN poetry install', ['poetry:']],
    ['RUN pipenv install --deploy', ['pipenv:; lock']],
    ['RUN conda install -c x a=1=b c', ['conda: a=1=b, c']],
    ['RUN npm ci --omit=dev', ['npm:; lock']],
    ['RUN npm install', ['npm:']],
    [
      'RUN npm i -g npm@10.2.3 @x/y@1.0.0 z@^1 w@latest v@1',
      ['npm: npm=10.2.3, @x/y=1.0.0, z, w, v'],
    ],
    ['RUN npm run build && node npm-installer.sh', []],
    ['RUN npx --yes a@1.0.0 b', ['npm: a=1.0.0']],
    ['RUN yarn', ['yarn:']],
    ['RUN yarn install --immutable && yarn build', ['yarn:; lock']],
    ['COPY yarn.lock ./\nRUN yarn --frozen-lockfile', ['yarn:; lock']],
    ['RUN yarn --frozen-lockfile', ['yarn:']],
    ['RUN yarn global add a@1.2.3', ['yarn: a=1.2.3']],
    ['RUN pnpm i --frozen-lockfile', ['pnpm:; lock']],
    ['ENV CI=true\nRUN pnpm install', ['pnpm:; lock']],
    ['RUN pnpm add a', ['pnpm: a']],
    ['RUN bun install --frozen-lockfile', ['bun:; lock']],
    ['RUN corepack enable && corepack prepare pnpm@9.1.0 --activate', ['npm: pnpm=9.1.0']],
    ['RUN gem install bundler -v 2.5.0 && gem install a', ['gem: bundler=2.5.0', 'gem: a']],
    ['RUN gem i a && gem inst b:1.0 -- --use-system-libraries true', ['gem: a', 'gem: b=1.0']],
    ['RUN gem info a && gem list', []],
    ['RUN bundle install', ['bundle:']],
    ['RUN bundle --version', []],
    ["RUN bundle config set --local frozen 'true' && bundle install -j4", ['bundle:; lock']],
    ['ENV BUNDLE_DEPLOYMENT=1\nRUN bundle install', ['bundle:; lock']],
    [
      'RUN go install example.com/a@v1.2.3 && go install example.com/b@latest && go install ./...',
      ['go: example.com/a=v1.2.3', 'go: example.com/b'],
    ],
    [
      'RUN go get -u example.com/a example.com/b@v1.0.0 ./... fmt && go get -d -v ./...',
      ['go: example.com/a, example.com/b=v1.0.0'],
    ],
    ['RUN go mod download', ['go:; lock']],
    [
      'RUN cargo install --locked a@1.2.3 && cargo install b --version 1.0.0 && cargo build --release --locked',
      ['cargo: a=1.2.3', 'cargo: b', 'cargo:; lock'],
    ],
    ['COPY composer.* ./\nRUN composer install --no-dev', ['composer:; file composer.lock']],
    ['COPY composer.json composer.lock ./\nRUN composer install', ['composer:; lock']],
    ['RUN composer require a/b:1.2.3 c/d', ['composer: a/b=1.2.3, c/d']],
  ])('%j', (run, expected) => {
    expect(installs(run)).toEqual(expected);
  });

  test('requirements of comments alone install nothing', () => {
    const files = { 'requirements.txt': '# nothing yet\n--no-index\n' };
    const text =
      'FROM x\nCOPY requirements.txt /srv/\nWORKDIR /srv\nRUN pip install -r requirements.txt';
    expect(installs(text, {}, files)).toEqual([]);
  });

  test('reads the requirements that the context shows', () => {
    const files = {
      'app/requirements.txt': '# comment\na==1.0 # why\nb>=2\n-r base.txt\n',
      'app/base.txt': 'c==3 \\\n  --hash=sha256:00\n',
    };
    expect(
      installs('FROM x\nCOPY app/ /srv/\nRUN pip install -r requirements.txt', {}, files),
    ).toEqual(['pip: a=1.0, b, c=3']);
    expect(
      installs('FROM x\nCOPY app/base.txt /srv/\nRUN pip install -r /srv/base.txt', {}, files),
    ).toEqual(['pip: c=3; lock']);
  });
});

describe('package managers that are met more rarely', () => {
  test.each([
    ['RUN install_packages curl git=1:2', ['apt: curl, git=1:2']],
    ['RUN pecl install redis-6.0.2 xdebug', ['other: redis=6.0.2, xdebug']],
    ['RUN cpanm Mojolicious@9.1 DBI', ['other: Mojolicious=9.1, DBI']],
    ['RUN luarocks install lpeg 1.1.0-1', ['other: lpeg=1.1.0-1']],
    ['RUN luarocks install lpeg', ['other: lpeg']],
    ['RUN opkg install curl', ['other: curl']],
    ['RUN dotnet tool install -g dotnet-ef --version 8.0.1', ['other: dotnet-ef=8.0.1']],
    ['RUN dotnet tool install -g dotnet-ef', ['other: dotnet-ef']],
    [`RUN Rscript -e 'install.packages("shiny")'`, ['other: shiny']],
    [
      `RUN Rscript -e 'install.packages("shiny", repos="https://packagemanager.posit.co/cran/2024-06-01")'`,
      ['other: shiny; frozen'],
    ],
    ['RUN uv tool install ruff@0.5.0 && uv tool install ty@latest', ['uv: ruff=0.5.0', 'uv: ty']],
    ['RUN uvx ruff@0.5.0 check', ['uv: ruff=0.5.0']],
    ['RUN go get -u ./...', ['go:']],
    ['RUN go get ./...', []],
    ['RUN dotnet build --no-restore && brew --version && cpanm .', []],
  ])('%s', (run, found) => {
    expect(installs(run)).toEqual(found);
  });
});

describe('how a script is followed', () => {
  test.each([
    ['exec form', 'RUN ["apt-get", "install", "-y", "a"]', ['apt: a']],
    ['exec form through a shell', 'RUN ["sh", "-c", "apt-get install -y a"]', ['apt: a']],
    ['here-document', 'RUN <<EOF\napt-get update\napt-get install -y a\nEOF', ['apt: a']],
    ['here-document for bash', 'RUN <<EOF bash\napk add a\nEOF', ['apk: a']],
    ['another language', 'RUN <<EOF\n#!/usr/bin/env python3\nprint("apt-get install a")\nEOF', []],
    ['function', 'RUN add() { apk add "$@"; }; add a b=1', ['apk: a, b=1']],
    ['function that is not called', 'RUN add() { apk add "$@"; }; true', []],
    ['loop', 'RUN for p in a b=2; do apk add $p; done', ['apk: a', 'apk: b=2']],
    ['branches', 'RUN if [ -n "$X" ]; then apk add a; else apk add b; fi', ['apk: a', 'apk: b']],
    ['variable of the script', 'RUN V=1.2 && apk add "a=$V"', ['apk: a=1.2']],
    [
      'variable of a branch',
      'RUN case $X in a) V=1;; b) V=2;; esac; apk add a=$V',
      ['apk: a=${V}'],
    ],
    ['sh -c with quotes', 'RUN bash -euxc "apk add a && apk add b"', ['apk: a', 'apk: b']],
    ['su', 'RUN su app -c "npm ci"', ['npm:; lock']],
    ['echo is no install', 'RUN echo "apt-get install a" > x && echo apk add b', []],
    ['a comment is none', 'RUN true # apt-get install a', []],
    ['escape directive', '# escape=`\nFROM x\nRUN apk add `\n  a `\n  b', ['apk: a, b']],
    ['ONBUILD waits for another build', 'ONBUILD RUN apk add a', []],
  ])('%s', (_name, run, expected) => {
    expect(installs(run)).toEqual(expected);
  });

  test('only stages that the target reaches count', () => {
    const text =
      'FROM x AS a\nRUN apk add a\nFROM x AS b\nRUN apk add b\nFROM scratch AS c\nCOPY --from=b / /';
    expect(installs(text)).toEqual(['apk: b']);
    expect(installs(text, { target: 'a' })).toEqual(['apk: a']);
  });

  test('build args reach the command', () => {
    const text = 'FROM x\nARG V=1\nRUN apk add a=$V';
    expect(installs(text)).toEqual(['apk: a=1']);
    expect(installs(text, { buildArgs: { V: '2' } })).toEqual(['apk: a=2']);
  });

  test('points at the command inside the instruction', () => {
    const [install] = analysisOf('FROM x\nRUN true && \\\n  apk add \\\n    a').installs;
    expect(install).toMatchObject({
      stage: 0,
      command: 'apk add a',
      range: { startLine: 3, startColumn: 3, endLine: 4, endColumn: 6 },
    });
  });

  test('says what could not be read', () => {
    const analysis = analysisOf('FROM x\nRUN apk add "a\nSHELL ["pwsh"]\nRUN Install-Thing');
    expect(analysis.unread.map((u) => `${u.range.startLine}: ${u.reason}`)).toEqual([
      '2: shell at line 2: unterminated double quote',
      '4: what pwsh runs was not read',
    ]);
  });
});

describe('flags of one manager that take a value in another', () => {
  test.each([
    ['RUN pipenv install -d pytest', ['pipenv: pytest']],
    ['RUN pipx install -f black', ['pip: black']],
    ['RUN uvx -p 3.12 ruff@0.5.0', ['uv: ruff=0.5.0']],
    ['RUN npm exec -y -- tsx@4.20.3', ['npm: tsx=4.20.3']],
  ])('%s', (run, found) => {
    expect(installs(run)).toEqual(found);
  });
});
