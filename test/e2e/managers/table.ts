/** A package manager that is recorded: what a RUN does with it, of which registry. */
export interface Manager {
  readonly name: string;
  /** A stack's image (scripts/engine.sh stacks), or one of the bases. */
  readonly base: string;
  /** What a RUN executes; `/out` is what is compared. `ADDRESS` is where the registries are. */
  readonly script: readonly string[];
  /** Part of an address that has to be in the lock. */
  readonly fetched: string;
  /** Part of `npm run test:all`. */
  readonly quick?: true;
}

const NODE = 'base/node:22';
const PACKAGE = `echo '{"name":"app","version":"1.0.0","private":true,"dependencies":{"is-number":"7.0.0"}}' > package.json`;
// npm's own, as it is: its client takes no certificate of an IP address.
const NPM = 'https://registry.npmjs.org';
const TARBALL = `${NPM}/is-number/-/is-number-7.0.0.tgz`;
const MAVEN_SETTINGS =
  '<settings><mirrors><mirror><id>m</id><mirrorOf>*</mirrorOf><url>ADDRESS/java/maven</url></mirror></mirrors></settings>';
const POM =
  '<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version>' +
  '<dependencies><dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.13.2</version></dependency></dependencies></project>';
const GRADLE =
  "apply plugin: 'java'; repositories { maven { url 'ADDRESS/java/gradle' } }; dependencies { compile 'junit:junit:4.13.2' }; " +
  "task jars(type: Copy) { from configurations.compile; into '/out' }";

export const MANAGERS: readonly Manager[] = [
  {
    name: 'pip',
    base: 'library/python:3.13-slim',
    script: [
      'pip install --no-cache-dir --no-compile --index-url ADDRESS/pypi/simple --target /out greet',
    ],
    fetched: '/pypi/files/words-1.0.0-py3-none-any.whl',
    quick: true,
  },
  {
    name: 'poetry',
    base: 'library/python:3.13-slim-poetry',
    script: [
      'mkdir /app && cd /app',
      `printf '[tool.poetry]\\nname="a"\\nversion="1"\\ndescription=""\\nauthors=[]\\npackage-mode=false\\n[tool.poetry.dependencies]\\npython="^3.11"\\ngreet="1.0.0"\\n[[tool.poetry.source]]\\nname="own"\\nurl="ADDRESS/pypi/simple/"\\n' > pyproject.toml`,
      'poetry config virtualenvs.in-project true && poetry install --no-interaction',
      'mkdir /out && cp poetry.lock .venv/lib/python3*/site-packages/greet.py /out/',
    ],
    fetched: '/pypi/files/words-1.0.0-py3-none-any.whl',
  },
  {
    name: 'python-urllib',
    base: 'library/python:3.13-slim',
    script: [
      `python3 -c 'import urllib.request as u; open("/out","wb").write(u.urlopen("ADDRESS/plain/data.txt").read())'`,
    ],
    fetched: '/plain/data.txt',
  },
  {
    name: 'cargo',
    base: 'library/rust:1.85-slim',
    script: [
      'mkdir -p /app/.cargo /app/src && cd /app',
      `printf '[source.crates-io]\\nreplace-with="own"\\n[source.own]\\nregistry="sparse+ADDRESS/crates/index/"\\n' > .cargo/config.toml`,
      `printf '[package]\\nname="app"\\nversion="1.0.0"\\nedition="2021"\\n[dependencies]\\ngreet="1"\\n' > Cargo.toml`,
      `echo 'fn main() { println!("{}", greet::word()) }' > src/main.rs`,
      'cargo build --release && cp target/release/app /out',
    ],
    fetched: '/crates/dl/greet/1.0.0/download',
    quick: true,
  },
  {
    name: 'go',
    base: 'library/golang:1.24',
    script: [
      'mkdir /app && cd /app && export GOPROXY=ADDRESS/go GONOSUMDB=* GOSUMDB=off GOFLAGS=-mod=mod CGO_ENABLED=0',
      `printf 'module app\\ngo 1.20\\nrequire example.com/greet v1.0.0\\n' > go.mod`,
      `printf 'package main\\nimport "example.com/greet"\\nfunc main() { println(greet.Word) }\\n' > main.go`,
      'go mod download && go list -m all && cp -r "$(go env GOMODCACHE)/example.com" /out',
    ],
    fetched: '/go/example.com/greet/@v/v1.0.0.zip',
    quick: true,
  },
  {
    name: 'bundler',
    base: 'library/ruby:3.3-slim',
    script: [
      'mkdir /app && cd /app',
      `printf 'source "ADDRESS/gems"\\ngem "greet", "1.0.0"\\n' > Gemfile`,
      'bundle config set path /bundle && bundle install',
      'mkdir /out && cp Gemfile.lock /bundle/ruby/*/gems/greet-1.0.0/lib/greet.rb /out/',
    ],
    fetched: '/gems/gems/greet-1.0.0.gem',
    quick: true,
  },
  {
    name: 'composer',
    base: 'library/composer:2',
    script: [
      'mkdir /app && cd /app',
      `echo '{"repositories":[{"type":"composer","url":"ADDRESS/composer"},{"packagist.org":false}],"require":{"acme/greet":"1.0.0"}}' > composer.json`,
      'COMPOSER_ALLOW_SUPERUSER=1 composer install --no-interaction',
      'mkdir /out && cp -r composer.lock vendor/acme /out/',
    ],
    fetched: '/composer/dist/greet.zip',
  },
  {
    name: 'maven',
    base: 'library/maven:3-eclipse-temurin-21',
    script: [
      `mkdir /app && cd /app && echo '${MAVEN_SETTINGS}' > settings.xml && echo '${POM}' > pom.xml`,
      'mvn -B -q -s settings.xml -Dmaven.repo.local=/m2 compile',
      `mkdir /out && find /m2 -name '*.jar' -exec cp '{}' /out/ ';'`,
    ],
    fetched: '/java/maven/junit/junit/4.13.2/junit-4.13.2.jar',
  },
  {
    name: 'gradle',
    base: 'library/gradle:jdk21',
    script: [
      `mkdir /app && cd /app && echo "${GRADLE}" > build.gradle`,
      'gradle --no-daemon --console=plain jars',
    ],
    fetched: '/java/gradle/junit/junit/4.13.2/junit-4.13.2.jar',
  },
  {
    name: 'npm',
    base: NODE,
    script: [
      `mkdir /app && cd /app && ${PACKAGE}`,
      'npm install --no-audit --no-fund && cp -r node_modules/is-number /out',
    ],
    fetched: TARBALL,
  },
  {
    name: 'pnpm',
    base: NODE,
    script: [
      'npm install --global --prefix /usr/local --no-audit --no-fund pnpm@9.15.9',
      `mkdir /app && cd /app && ${PACKAGE}`,
      'pnpm install && mkdir /out && cp -rL node_modules/is-number pnpm-lock.yaml /out/',
    ],
    fetched: TARBALL,
  },
  {
    name: 'yarn-1',
    base: NODE,
    script: [
      'npm install --global --prefix /usr/local --no-audit --no-fund yarn@1.22.22',
      `mkdir /app && cd /app && ${PACKAGE}`,
      `yarn install --registry ${NPM} && mkdir /out && cp -r node_modules/is-number yarn.lock /out/`,
    ],
    fetched: TARBALL,
  },
  ...(['3.8.7', '4.12.0'] as const).map((version): Manager => ({
    name: `yarn-${version}`,
    base: NODE,
    script: [
      `npm install --prefix /yarn --no-audit --no-fund @yarnpkg/cli-dist@${version}`,
      `mkdir /app && cd /app && ${PACKAGE} && touch yarn.lock`,
      `export YARN_NPM_REGISTRY_SERVER=${NPM} YARN_NODE_LINKER=node-modules YARN_ENABLE_TELEMETRY=0 YARN_ENABLE_IMMUTABLE_INSTALLS=0`,
      'node /yarn/node_modules/@yarnpkg/cli-dist/bin/yarn.js install && mkdir /out && cp -r node_modules/is-number yarn.lock /out/',
    ],
    fetched: TARBALL,
  })),
  {
    name: 'git',
    base: 'library/golang:1.24',
    script: ['git clone ADDRESS/git/greet.git /out && rm -rf /out/.git'],
    fetched: '/git/greet.git/git-upload-pack',
    quick: true,
  },
  {
    name: 'apt-wget',
    base: 'base/debian:trixie',
    script: [
      'apt-get update && apt-get install -y --no-install-recommends wget',
      'wget -q -O /out ADDRESS/plain/data.txt',
    ],
    fetched: '/plain/data.txt',
  },
];
