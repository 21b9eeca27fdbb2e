import { describe, expect, test } from 'vitest';
import { downloads } from '../support.ts';

const SUM = 'a'.repeat(96);
const COMMIT = 'b'.repeat(40);
const COPY = `php -r "copy('https://getcomposer.org/installer', 'composer-setup.php');"`;
const RETRIEVE = `urlretrieve('https://x.org/f', '/f')`;

describe('scripts on the command line', () => {
  test.each([
    [`RUN python3 - <<EOF\nfrom urllib.request import urlretrieve\n${RETRIEVE}\nEOF`, 'nothing'],
    [`RUN node -e "require('https').get('https://x.org/f', r => r.pipe(o))"`, 'nothing'],
    ["RUN R -e \"download.file('https://x.org/f', 'f')\"", 'nothing'],
    [`RUN R -e "remotes::install_github('a/b')"`, 'nothing'],
    [`RUN R -e "remotes::install_github('a/b@${COMMIT}')"`, 'commit'],
    [`RUN python -c "from huggingface_hub import *; snapshot_download('a/b')"`, 'nothing'],
    [`RUN python -c "snapshot_download('a/b', revision='${COMMIT}')"`, 'commit'],
    [`RUN python -c "AutoModel.from_pretrained('bert-base-uncased')"`, 'nothing'],
    ['RUN deno run https://x.org/f.ts', 'nothing'],
    ['RUN deno cache --frozen https://x.org/f.ts', 'deno --frozen'],
    [
      `RUN pwsh -c "Invoke-WebRequest https://x.org/f -OutFile /f" && echo "${SUM.slice(0, 64)}  /f" | sha256sum -c`,
      'sha256sum -c',
    ],
  ])('%s', (run, found) => {
    expect(downloads(run)).toEqual([`other: ${found}`]);
  });

  test.each([
    `RUN python -c "AutoModel.from_pretrained('./model')"`,
    `RUN python -c "AutoModel.from_pretrained('/model')"`,
    'RUN node -e "console.log(\'https://x.org/f\')"',
    'RUN deno run main.ts',
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });
});

describe('a hash that a script compares', () => {
  test.each([
    [
      'the check that Composer’s own page gives',
      `${COPY} && php -r "if (hash_file('sha384', 'composer-setup.php') === '${SUM}') { echo 'ok'; } else { unlink('composer-setup.php'); }" && php composer-setup.php`,
      'php, a hash compared',
    ],
    [
      'PHP with exit',
      `${COPY} && php -r "if (hash_file('sha384', 'composer-setup.php') !== '${SUM}') exit(1);"`,
      'php, a hash compared',
    ],
    [
      'Python, after curl',
      `curl -o /f https://x.org/f && python3 -c "import hashlib; assert hashlib.sha256(open('/f','rb').read()).hexdigest() == '${SUM.slice(0, 64)}'"`,
      'python3, a hash compared',
    ],
    [
      'in the same script',
      `python3 -c "import hashlib,sys; ${RETRIEVE}; sys.exit(hashlib.sha256(open('/f','rb').read()).hexdigest() != '${SUM.slice(0, 64)}')"`,
      'a hash in the same script',
    ],
  ])('%s', (_name, run, found) => {
    expect(downloads(`RUN ${run}`).map((line) => line.replace(/^\w+: /, ''))).toEqual([found]);
  });

  test.each([
    [
      'that is only printed',
      `${COPY} && php -r "echo hash_file('sha384', 'composer-setup.php') === '${SUM}';"`,
      'nothing',
    ],
    [
      'of another file',
      `${COPY} && php -r "if (hash_file('sha384', 'x') !== '${SUM}') exit(1);"`,
      'nothing',
    ],
    [
      'behind || true',
      `${COPY} && php -r "if (hash_file('sha384', 'composer-setup.php') !== '${SUM}') exit(1);" || true`,
      'not by php, a hash compared',
    ],
  ])('not one %s', (_name, run, found) => {
    expect(downloads(`RUN ${run}`)[0]).toContain(`other: ${found}`);
  });
});
