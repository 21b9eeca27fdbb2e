import { describe, expect, test } from 'vitest';
import { downloads } from '../support.ts';

const SUM = 'a'.repeat(64);
const COMMIT = 'b'.repeat(40);

describe('what a service’s own program fetches', () => {
  test.each([
    ['RUN aws s3api get-object --bucket b --key k f', 'other: nothing'],
    [
      `RUN aws s3api get-object --bucket b --key k /f && echo "${SUM}  /f" | sha256sum -c`,
      'other: sha256sum -c',
    ],
    ['RUN az storage blob download -c c -n n -f f', 'other: nothing'],
    [
      `RUN az storage blob download -c c --name n --file /f && echo "${SUM}  /f" | sha256sum -c`,
      'other: sha256sum -c',
    ],
    ['RUN azcopy copy https://a.blob.core.windows.net/c/n f', 'other: nothing'],
    ['RUN rclone copy remote:bucket/f /t', 'other: nothing'],
    ['RUN s3cmd get s3://b/f f', 'other: nothing'],
    ['RUN gdown --id 1abc -O model.bin', 'other: nothing'],
    [
      `RUN gdown https://drive.google.com/uc?id=1 -O m && echo "${SUM} m" | sha256sum -c`,
      'other: sha256sum -c',
    ],
    ['RUN kaggle datasets download -d a/b', 'other: nothing'],
    ['RUN gh run download -n artifact', 'other: nothing'],
    ['RUN glab release download v1', 'other: nothing'],
    ['RUN gh repo clone a/b', 'git: nothing'],
    [`RUN gh repo clone a/b && cd b && git checkout ${COMMIT}`, 'git: commit'],
    ["RUN lftp -c 'open ftp.example.com; mget *.tgz'", 'other: nothing'],
    ['RUN lftp -e "mirror /x; quit" ftp.example.com', 'other: nothing'],
    [`RUN lftp -c 'get https://x.org/f' && echo "${SUM}  f" | sha256sum -c`, 'other: sha256sum -c'],
    ['RUN sftp build@example.com:/f f', 'other: nothing'],
    ['RUN wcurl https://x.org/f', 'other: nothing'],
    ['RUN lwp-download https://x.org/f', 'other: nothing'],
    ['RUN git submodule update --init --remote', 'git: nothing'],
    ['RUN git submodule update --init --recursive', 'git: commit'],
    ['RUN git lfs pull', 'git: commit'],
    ['RUN git clone build@example.com:r', 'git: nothing'],
  ])('%s', (run, found) => {
    expect(downloads(run)).toEqual([found]);
  });

  test.each([
    'RUN aws s3api put-object --bucket b --key k --body f',
    'RUN az storage blob upload -c c -n n -f f',
    'RUN az login --identity',
    'RUN azcopy copy f https://a.blob.core.windows.net/c/n',
    'RUN rclone copy /t remote:bucket',
    "RUN lftp -c 'open ftp.example.com; put f'",
    'RUN lftp -e "mirror -R /x; quit" ftp.example.com',
    'RUN gdown --version',
    'RUN gh auth status',
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });
});

describe('packages by address, by more installers', () => {
  test.each([
    ['RUN npx github:a/b', 'npm-url: nothing'],
    [`RUN npx github:a/b#${COMMIT}`, 'npm-url: commit'],
    [`RUN uvx --from git+https://github.com/a/b@${COMMIT} tool`, 'pip-url: commit'],
    ['RUN pipx run --spec git+https://github.com/a/b tool', 'pip-url: nothing'],
    ['RUN pipx install https://x.org/a.whl', 'pip-url: nothing'],
    ['RUN bin/elasticsearch-plugin install --batch https://x.org/p.zip', 'other: nothing'],
    ['RUN gem install https://x.org/a.gem --source https://rubygems.org', 'package-url: nothing'],
    ['RUN cpanm https://x.org/a.tgz', 'package-url: nothing'],
    ['RUN conda install https://x.org/a.conda', 'package-url: nothing'],
    [
      'RUN aria2c --checksum=md5=aa https://x.org/f',
      'other: --checksum (MD5 and SHA-1 can be forged)',
    ],
  ])('%s', (run, found) => {
    expect(downloads(run)).toEqual([found]);
  });

  test.each([
    'RUN npx wait-on http://db:8080',
    'RUN npx -y cowsay src/x.js',
    'RUN bin/elasticsearch-plugin install analysis-icu',
    'RUN conda install -c https://conda.example.com/c numpy=1',
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });
});

describe('keys and descriptions of repositories', () => {
  test.each([
    'RUN rpm --import https://x.org/key.asc',
    'RUN gpg --batch --fetch-keys https://x.org/key.asc',
    'RUN apt-key adv --fetch-keys https://x.org/key.asc',
    'RUN dnf config-manager --add-repo https://x.org/f.repo',
    'RUN dnf5 config-manager addrepo --from-repofile=https://x.org/f.repo',
    'RUN zypper addrepo https://x.org/f.repo',
  ])('%s', (run) => {
    expect(downloads(run)).toEqual(['other: nothing']);
  });

  test.each([
    'RUN rpm --import /etc/pki/key.asc',
    'RUN zypper addrepo https://x.org/distribution/15/ own',
    'RUN dnf config-manager --add-repo https://x.org/repository/x86_64/',
    `RUN gpg --keyserver hkps://keys.openpgp.org --recv-keys ${COMMIT}`,
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });
});
