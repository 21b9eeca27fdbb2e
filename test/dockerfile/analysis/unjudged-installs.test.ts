import { expect, test } from 'vitest';
import { analysisOf } from './support.ts';

type Files = Readonly<Record<string, string>>;

/** True where each install is pinned, and nothing is unread. */
function isPinned(lines: string, files: Files): boolean {
  const { installs, unread } = analysisOf(`FROM x\n${lines}`, {}, files);
  return (
    unread.length === 0 &&
    installs.every(
      ({ packages, lockFile, frozenRepository }) =>
        frozenRepository ||
        (packages.every(({ pin }) => pin !== undefined) && (lockFile || packages.length > 0)),
    )
  );
}

test.each<readonly [string, Files]>([
  ['RUN zypper -n verify', {}],
  [
    'COPY . .\nRUN uv lock --upgrade && uv sync --frozen',
    { 'uv.lock': 'version = 1\n', 'pyproject.toml': '[project]\nname="x"\n' },
  ],
  ['RUN dnf module switch-to -y nodejs:20', {}],
  [
    'COPY . .\nRUN poetry lock && poetry install',
    { 'poetry.lock': 'x', 'pyproject.toml': '[tool.poetry]\n' },
  ],
  ['RUN zypper -n si -d curl', {}],
  ['RUN apk fix --upgrade curl', {}],
  ['RUN yum localinstall -y ./a.rpm', {}],
  [
    'COPY . .\nRUN bundle lock --update && bundle install --frozen',
    { Gemfile: 'source "https://rubygems.org"\ngem "a"\n', 'Gemfile.lock': '' },
  ],
  ['RUN dpkg -i /a.deb; apt-get install -fy', {}],
  ['RUN dnf group upgrade -y core', {}],
  ['RUN npm cache add left-pad', {}],
  [
    'RUN sed -i "s|http://deb.debian.org/debian-security|http://snapshot.debian.org/archive/debian-security/20250101T000000Z|" /etc/apt/sources.list.d/debian.sources && apt-get update && apt-get install -y curl',
    {},
  ],
  ['RUN apt --fix-broken install -y', {}],
  ['RUN apt-get download curl', {}],
  ['RUN apt-get source curl', {}],
  ['RUN yum langinstall de', {}],
  ['RUN dnf debuginfo-install -y glibc', {}],
  ['RUN yarn set version stable', {}],
  ['RUN npm link left-pad', {}],
  ['RUN dnf history -y redo last', {}],
  [
    'COPY . .\nRUN rm yarn.lock && yarn install --frozen-lockfile',
    { 'package.json': '{"dependencies":{"a":"*"}}', 'yarn.lock': '# yarn lockfile v1\n' },
  ],
  [
    'RUN printf "Types: deb\\nURIs: http://snapshot.debian.org/archive/debian/20250101T000000Z\\nSuites: trixie\\nComponents: main\\n" > /etc/apt/sources.list.d/debian.sources && add-apt-repository -y ppa:x/y && apt-get install -y curl',
    {},
  ],
  ['RUN apt-get -y -f install', {}],
  ['COPY p /tmp/p\nRUN cd /tmp && apt-get update && apt-get download $(cat p)', { p: 'curl\n' }],
  ['RUN dnf update-minimal -y', {}],
  ['RUN pipx inject poetry foo', {}],
  ['RUN aptitude download curl', {}],
  [
    'COPY . .\nRUN rm -f poetry.lock && poetry install',
    { 'poetry.lock': 'x', 'pyproject.toml': '[tool.poetry]\n' },
  ],
  ['RUN dnf swap -y curl-minimal curl', {}],
  ['RUN corepack up', {}],
  ['COPY . .\nRUN pipenv lock && pipenv sync', { Pipfile: '' }],
  [
    'RUN printf "Types: deb\\nURIs: http://snapshot.debian.org/archive/debian/20250101T000000Z\\nSuites: trixie\\nComponents: main\\n" > /etc/apt/sources.list.d/debian.sources && cp /tmp/more.list /etc/apt/sources.list.d/ && apt-get install -y curl',
    {},
  ],
  ['RUN pip install --no-index --find-links https://x/simple foo', {}],
  ['RUN go mod download golang.org/x/tools@latest', {}],
  [
    'RUN printf "Types: deb\\nURIs: http://snapshot.debian.org/archive/debian/20250101T000000Z\\nSuites: trixie\\nComponents: main\\n" > /etc/apt/sources.list.d/debian.sources && apt-get -o Dir::Etc::sourcelist=/tmp/x.list install -y curl',
    {},
  ],
  ['RUN conda update -y --all', {}],
  ['RUN apk cache download', {}],
  ['COPY p p\nRUN xargs -a p apt-get download', { p: 'curl\n' }],
  ['RUN apt download curl', {}],
  ['RUN rustup toolchain install stable', {}],
  ['RUN rustup default nightly', {}],
  ['RUN . /nvm.sh && nvm install 18', {}],
  ['RUN . /nvm.sh && nvm install --lts', {}],
  ['RUN . /nvm.sh && nvm install', {}],
  ['RUN pyenv install 3.12', {}],
  ['RUN asdf install nodejs latest', {}],
  ['RUN . /sdkman-init.sh && sdk install java', {}],
  ['RUN mise use -g node@22', {}],
  ['RUN mix local.hex --force', {}],
  ['RUN npm init -y vite', {}],
  ['RUN yarn create vite app', {}],
  ['RUN Rscript -e \'remotes::install_github("a/b")\'', {}],
  ['RUN V=$(apt-cache madison curl | cut -d" " -f4) && apt-get install -y "curl=$V"', {}],
  ['RUN V=$(curl https://x/latest) && go install e.com/x@$V', {}],
  ['COPY c.txt .\nRUN pip install -c c.txt flask', { 'c.txt': 'werkzeug==3.0.1\n' }],
  [
    'COPY pip.conf /etc/pip.conf\nRUN pip install flask==3.0.1',
    { 'pip.conf': '[install]\nrequirement = /r.txt\n' },
  ],
  [
    'COPY condarc /root/.condarc\nRUN conda install -y numpy=1.26.4',
    { condarc: 'create_default_packages:\n  - a\n' },
  ],
  ['COPY w /etc/apk/world\nRUN apk add', { w: 'curl\n' }],
  ['RUN python -m spacy download en_core_web_sm', {}],
  ['RUN conda install -y python=3', {}],
])('not pinned: %s', (lines, files) => {
  expect(isPinned(lines, files)).toBe(false);
});

test.each<readonly [string, Files]>([
  ['RUN apt-get update && apt-get download curl=8.14.1-2 && apt-get clean', {}],
  ['RUN apt-get remove -y curl && apt-get autoremove -y && apt-mark hold vim', {}],
  ['RUN dnf -y install curl-8.9.1-2.fc41 && dnf clean all && dnf module enable -y nodejs:20', {}],
  ['RUN zypper -n in curl=8.0.1 && zypper clean -a', {}],
  ['RUN apk fix && apk add --no-cache curl=8.9.1-r0 && apk del curl', {}],
  ['RUN yarn set version 3.6.1 && npm cache clean --force && npm pack left-pad@1.3.0', {}],
  ['RUN gem fetch rails -v 7.1.0 && go mod download golang.org/x/tools@v0.1.0', {}],
  ['COPY . .\nRUN uv lock --check && uv sync --frozen', { 'uv.lock': 'version = 1\n' }],
  ['RUN pip install --no-index --find-links /wheels foo && composer self-update 2.7.1', {}],
  ['RUN rustup toolchain install 1.85.0 && rustup default 1.85.0 && rustup target add wasm32', {}],
  ['RUN rustup toolchain install nightly-2025-03-01', {}],
  ['RUN . /nvm.sh && nvm install 22.11.0 && pyenv install 3.12.4 && uv python install 3.12.4', {}],
  ['RUN asdf install nodejs 22.11.0 && mise use -g node@22.11.0', {}],
  ['RUN npm init -y && npm install -g a@=1.0.0', {}],
  ['RUN apk add --no-cache --virtual .deps', {}],
  ['COPY c.txt .\nRUN pip install -c c.txt Flask', { 'c.txt': 'flask==3.0.1\n' }],
  [
    'COPY pip.conf /etc/pip.conf\nRUN pip install flask==3.0.1',
    { 'pip.conf': '[global]\ntimeout = 60\nindex-url = https://pypi.org/simple\n' },
  ],
  ['ARG V=8.14.1-2\nRUN apt-get install -y "curl=$V"', {}],
])('pinned: %s', (lines, files) => {
  expect(isPinned(lines, files)).toBe(true);
});
