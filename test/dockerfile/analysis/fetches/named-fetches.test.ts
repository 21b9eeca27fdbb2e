import { describe, expect, test } from 'vitest';
import { NAMED_FETCHES } from '../../../../src/programs/named-fetches.ts';
import { downloads, installs } from '../support.ts';

const COMMIT = 'b'.repeat(40);
const WEAK = '(its sums come from the same origin as the files)';

describe('programs that make an address out of a name', () => {
  test.each([
    ['RUN rustup toolchain install 1.80.0', `other: rustup ${WEAK}`],
    ['RUN rustup --quiet update', `other: rustup ${WEAK}`],
    ['RUN rustup +nightly target add wasm32-unknown-unknown', `other: rustup ${WEAK}`],
    ['RUN /tmp/rustup-init -y --profile minimal', `other: rustup-init ${WEAK}`],
    ['RUN . ~/.nvm/nvm.sh && nvm install 22', `other: nvm ${WEAK}`],
    ['RUN bash -lc "tfenv install 1.9.0"', `other: tfenv ${WEAK}`],
    ['RUN pyenv install 3.13.1', 'other: pyenv'],
    ['RUN uv python install 3.13', 'other: uv'],
    ['RUN fnm install 22', 'other: nothing'],
    ['RUN volta install node@22', 'other: nothing'],
    ['RUN n lts', 'other: nothing'],
    ['RUN asdf plugin add nodejs && :', 'other: nothing'],
    ['RUN asdf install nodejs 22.1.0', 'other: nothing'],
    ['RUN mise install', 'other: nothing'],
    ['RUN mise install --locked', 'other: mise, locked'],
    ['RUN sdk install java 21.0.5-tem', 'other: nothing'],
    ['RUN npx playwright@1.50.0 install --with-deps chromium', 'other: nothing'],
    ['RUN python3 -m playwright install firefox', 'other: nothing'],
    ['RUN pnpm exec playwright install', 'other: nothing'],
    ['RUN npx -y @puppeteer/browsers install chrome@stable', 'other: nothing'],
    ['RUN uv run python -m spacy download en_core_web_sm', 'other: nothing'],
    ['RUN hf download a/b --local-dir /m', 'other: nothing'],
    [`RUN hf download a/b --revision ${COMMIT}`, 'other: hf, locked'],
    [`RUN huggingface-cli download --revision=${COMMIT} a/b`, 'other: huggingface-cli, locked'],
    ['RUN hf download a/b --revision main', 'other: nothing'],
    ['RUN ./dotnet-install.sh --channel 9.0', 'other: nothing'],
    ['RUN cargo binstall -y ripgrep@14.1.0', 'other: nothing'],
  ])('%s', (run, found) => {
    expect(downloads(run)).toEqual([found]);
  });

  test.each([
    'RUN rustup default none',
    'RUN rustup component list',
    'RUN ./rustup-init -y --default-toolchain none',
    'RUN nvm use 22 && nvm alias default 22',
    'RUN pyenv global 3.13.1',
    'RUN uv python find',
    'RUN n ls',
    'RUN npx playwright install-deps',
    'RUN npx playwright test',
    'RUN python -m spacy validate',
    'RUN hf auth whoami',
    'RUN asdf reshim',
    'RUN echo nvm install 22',
    'COPY . .\nRUN cargo build --locked',
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });

  test('each has its reason', () => {
    for (const { reason } of Object.values(NAMED_FETCHES)) expect(reason.length).toBeGreaterThan(8);
  });

  test('cargo binstall names what it installs', () => {
    expect(installs('RUN cargo binstall -y ripgrep@14.1.0 fd-find')).toEqual([
      'cargo: ripgrep=14.1.0, fd-find',
    ]);
  });
});
