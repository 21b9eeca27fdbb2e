import { describe, expect, test } from 'vitest';
import { downloads } from './support.ts';

const SUM = 'a'.repeat(64);
const COMMIT = 'b'.repeat(40);

describe('addresses behind a switch', () => {
  test.each([
    ['RUN pip install --no-cache-dir https://example.com/a-1-py3-none-any.whl', 'pip-url'],
    ['RUN pip install --no-cache-dir git+https://github.com/a/b', 'pip-url'],
    ['RUN pip install -r https://example.com/requirements.txt', 'pip-url'],
    ['RUN npm install --save-dev https://example.com/a.tgz', 'npm-url'],
    ['RUN apt-get install -y --no-install-recommends https://example.com/a.deb', 'package-url'],
    ['RUN dnf install -y --nodocs https://example.com/a.rpm', 'package-url'],
    ['RUN apk add --no-cache https://example.com/a.apk', 'package-url'],
  ])('%s', (run, kind) => {
    expect(downloads(run)).toEqual([`${kind}: nothing`]);
  });

  test.each([
    'RUN pip install --index-url https://pypi.org/simple --proxy http://proxy:3128 a==1',
    'RUN npm install --registry https://registry.npmjs.org a@1.0.0',
    'RUN apk add --repository https://dl.example.com/main a=1-r0',
    'RUN uv pip install --index-url https://download.pytorch.org/whl/cpu torch==2.1.0',
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });
});

describe('what is fetched by other means', () => {
  test.each([
    [
      'a remote that is named',
      'RUN git init && git remote add origin https://x.org/r && git fetch origin main && git checkout FETCH_HEAD',
      'git: nothing',
    ],
    ['a list for wget', 'RUN wget -i list.txt', 'wget: nothing'],
    ['a configuration for curl', 'RUN curl -K list.txt', 'curl: nothing'],
    ['a bucket', 'RUN aws s3 cp s3://bucket/tool /bin/tool', 'other: nothing'],
    [
      'a bucket, verified',
      `RUN gsutil cp gs://bucket/tool /bin/ && echo "${SUM}  /bin/tool" | sha256sum -c`,
      'other: sha256sum -c',
    ],
    ['a release', 'RUN gh release download -R a/b v1 -p tool', 'other: nothing'],
    [
      'a release, verified',
      `RUN gh release download -R a/b v1 -p tool -D /t && echo "${SUM}  /t/tool" | sha256sum -c`,
      'other: sha256sum -c',
    ],
    ['rsync', 'RUN rsync -a rsync://x.org/tool /bin/tool', 'other: nothing'],
    ['svn', 'RUN svn export https://x.org/svn/trunk', 'other: nothing'],
    [
      'Python',
      `RUN python3 -c "import urllib.request as u; u.urlretrieve('https://x.org/f', 'f')"`,
      'other: nothing',
    ],
    [
      'PowerShell',
      'RUN pwsh -Command "Invoke-WebRequest https://x.org/f -OutFile f"',
      'other: nothing',
    ],
  ])('%s', (_name, run, found) => {
    expect(downloads(run)).toEqual([found]);
  });

  test('a remote that is named, held to a commit', () => {
    const run = `RUN git init r && cd r && git remote add origin https://x.org/r && git fetch --depth 1 origin ${COMMIT} && git checkout FETCH_HEAD`;
    expect(downloads(run)).toEqual(['git: commit']);
  });

  test.each([
    'RUN aws s3 cp /bin/tool s3://bucket/tool',
    'RUN rsync -a /a/ /b/',
    'RUN python3 -c "print(\'https://x.org/f\')"',
    'RUN git remote add origin /src/r',
    'RUN gh release create v1',
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });
});

describe('a package manager that is told to check nothing', () => {
  const by = (reason: string): readonly string[] => [
    `package-url: not by the package manager’s signature check, ${reason} turns it off`,
  ];
  test.each([
    ['RUN apt-get install -y --allow-unauthenticated curl', '--allow-unauthenticated'],
    [
      'RUN apt-get -o APT::Get::AllowUnauthenticated=true install -y curl',
      'APT::Get::AllowUnauthenticated=true',
    ],
    ['RUN apk add --allow-untrusted curl', '--allow-untrusted'],
    ['RUN dnf install -y --nogpgcheck curl', '--nogpgcheck'],
    ['RUN yum -y --setopt=gpgcheck=0 install curl', '--setopt=gpgcheck=0'],
    ['RUN zypper --no-gpg-checks install curl', '--no-gpg-checks'],
    ['RUN pip install --trusted-host pypi.org a==1', '--trusted-host'],
    [
      'RUN echo "deb [arch=amd64 trusted=yes] https://x.org/apt ./" > /etc/apt/sources.list.d/x.list',
      'trusted=yes',
    ],
    [
      'RUN printf "[x]\\nbaseurl=https://x.org\\ngpgcheck=0\\n" > /etc/yum.repos.d/x.repo',
      'gpgcheck=0',
    ],
  ])('%s', (run, reason) => {
    expect(downloads(run)).toEqual(by(reason));
  });

  test.each([
    'RUN apk add --allow-untrusted /tmp/own.apk',
    'RUN pip install --require-hashes --trusted-host pypi.org -r requirements.txt',
    'RUN echo "deb [trusted=yes] file:/repo ./" > /etc/apt/sources.list',
    'RUN apt-get update --allow-unauthenticated',
    'RUN dnf install -y curl',
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });
});
