import { describe, expect, test } from 'vitest';
import { analysisOf, downloads } from '../support.ts';

const OPEN = ['package-url: open'];
const NOTHING = ['package-url: nothing'];
const COMMIT = 'a'.repeat(40);

/** What a Dockerfile with these files downloads, and whether anything is known to verify it. */
function withFiles(run: string, files: Readonly<Record<string, string>>): readonly string[] {
  return analysisOf(`FROM x\nCOPY . .\n${run}`, {}, files).downloads.map(
    ({ url, open }) => `${url ?? ''} ${open === undefined ? 'nothing' : 'open'}`,
  );
}

describe('an index that is not the language’s own', () => {
  test.each([
    'RUN pip install -i https://e.example/simple x==1',
    'RUN pip install --extra-index-url=https://e.example/simple x==1',
    'ENV PIP_INDEX_URL=https://e.example/simple\nRUN pip install x==1',
    'ARG PIP_EXTRA_INDEX_URL=https://e.example/simple\nRUN pip install x==1',
    'RUN export PIP_FIND_LINKS=https://e.example/ && pip install x==1',
    'RUN PIP_INDEX_URL=https://e.example/simple pip install x==1',
    'RUN export PIP_INDEX_URL="$(cat /run/secrets/index)" && pip install x==1',
    'RUN env PIP_INDEX_URL=https://e.example/ pip install x==1',
    'RUN pip config set global.index-url https://e.example/simple && pip install x==1',
    'FROM x AS a\nRUN pip config set global.index-url https://e.example/\nFROM a\nRUN pip install x==1',
    'RUN printf "[global]\\nindex-url = https://e.example/simple\\n" > /etc/pip.conf\nRUN pip install x==1',
    'ENV UV_DEFAULT_INDEX=https://e.example/simple\nRUN uv pip install x==1',
    'ENV NPM_CONFIG_REGISTRY=https://e.example\nRUN npm install x@1.0.0',
    'ENV npm_config_registry=https://e.example\nRUN npm install x@1.0.0',
    'RUN npm config set registry https://e.example && npm install x@1.0.0',
    'WORKDIR /app\nRUN echo "registry=https://e.example" > .npmrc && npm install x@1.0.0',
    'ENV BUNDLE_MIRROR__ALL=https://e.example\nRUN bundle install --frozen',
    'RUN gem sources --add https://e.example && gem install x -v 1.0.0',
    'ENV CARGO_REGISTRIES_X_INDEX=https://e.example\nRUN cargo install x@1.0.0',
    'ENV GOPRIVATE=x.example/a\nRUN go install x.example/a/b@v1.2.3',
  ])('%s', (run) => {
    const found = downloads(run);
    expect(found).toEqual(
      run.includes('GOPRIVATE')
        ? ['package-url: not by Go’s sum database, GOPRIVATE turns it off']
        : OPEN,
    );
  });

  test.each([
    'ENV PIP_INDEX_URL=http://e.example/simple\nRUN pip install x==1',
    'RUN npm install --registry http://e.example x@1.0.0',
  ])('plain HTTP is verified by nothing: %s', (run) => {
    expect(downloads(run)).toEqual(NOTHING);
  });

  test.each([
    'ENV PIP_INDEX_URL=https://pypi.org/simple\nRUN pip install x==1',
    'ARG PIP_INDEX_URL\nRUN pip install x==1',
    'ENV PIP_INDEX_URL=\nRUN pip install x==1',
    'ENV PIP_FIND_LINKS=/wheels\nRUN pip install x==1',
    'ENV PIP_INDEX_URL=http://localhost:3141/root\nRUN pip install x==1',
    'ENV PIP_INDEX_URL=https://e.example/simple\nRUN pip install --require-hashes -r r.txt',
    'ENV NPM_CONFIG_REGISTRY=https://e.example\nRUN npm ci',
    'ENV UV_DEFAULT_INDEX=https://e.example/simple\nRUN uv sync --frozen',
    'ENV GOPROXY=https://e.example\nRUN go mod download && go install x.example/a@v1.2.3',
    'ENV GOPRIVATE=y.example\nRUN go install x.example/a@v1.2.3',
    'ENV PIP_INDEX_URL=https://e.example/simple\nRUN npm install x@1.0.0',
  ])('downloads nothing that is open: %s', (run) => {
    expect(downloads(run)).toEqual([]);
  });

  test.each([
    ['ENV GOSUMDB=off\nRUN go install x.example/a@v1.2.3', 'GOSUMDB'],
    ['RUN GONOSUMDB=* go install x.example/a@v1.2.3', 'GONOSUMDB'],
    ['ENV GOFLAGS=-insecure\nRUN go install x.example/a@v1.2.3', 'GOFLAGS'],
  ])('Go’s sum database turned off: %s', (run, name) => {
    expect(downloads(run)).toEqual([`package-url: not by Go’s sum database, ${name} turns it off`]);
  });

  test('pip told by a variable to check nothing', () => {
    expect(downloads('ENV PIP_TRUSTED_HOST=e.example\nRUN pip install x==1')).toEqual([
      'package-url: not by the package manager’s signature check, PIP_TRUSTED_HOST turns it off',
    ]);
  });
});

describe('requirements that are shown', () => {
  const run = 'RUN pip install -r requirements.txt';
  test.each([
    ['--index-url https://e.example/simple\nx==1', 'https://e.example/simple open'],
    ['--extra-index-url=https://e.example/simple\nx==1', 'https://e.example/simple open'],
    ['x @ git+https://e.example/x@main', 'git+https://e.example/x@main nothing'],
    ['-e git+https://e.example/x#egg=x', 'git+https://e.example/x#egg=x nothing'],
    ['https://e.example/x.whl', 'https://e.example/x.whl nothing'],
  ])('%j', (text, found) => {
    expect(withFiles(run, { 'requirements.txt': text })).toEqual([found]);
  });

  test.each([
    `x @ git+https://e.example/x@${COMMIT}`,
    `https://e.example/x.whl#sha256=${'b'.repeat(64)}`,
    'x==1',
  ])('held: %j', (text) => {
    expect(withFiles(run, { 'requirements.txt': text })).toEqual([]);
  });

  test('a registry that a file of the context names', () => {
    expect(
      withFiles('RUN npm install x@1.0.0', { '.npmrc': 'registry=https://e.example/\n' }),
    ).toEqual(['https://e.example/ open']);
  });
});
