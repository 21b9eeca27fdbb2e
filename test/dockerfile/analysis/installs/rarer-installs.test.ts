import { describe, expect, test } from 'vitest';
import { installs } from '../support.ts';

const COMMIT = 'b'.repeat(40);

describe('managers that are met more rarely', () => {
  test.each([
    ['RUN pipx run ruff', 'pip: ruff'],
    ['RUN pipx run --spec ruff==0.5.0 ruff check', 'pip: ruff=0.5.0'],
    ['RUN pipx install ruff', 'pip: ruff'],
    ['RUN uv run --with a==1 --with b python x.py', 'uv: a=1, b'],
    ['RUN npx cowsay@1.2.3', 'npm: cowsay=1.2.3'],
    ['RUN npx @a/b@1', 'npm: @a/b'],
    ['RUN bunx -y cowsay', 'npm: cowsay'],
    ['RUN npm exec -y cowsay@1.2.3', 'npm: cowsay=1.2.3'],
    ['RUN apt-fast install -y curl', 'apt: curl'],
    ['RUN pdm install', 'other:'],
    ['RUN pdm sync', 'other:; lock'],
    ['RUN pdm install --frozen-lockfile', 'other:; lock'],
    ['RUN mix deps.get --only prod', 'other:'],
    ['COPY mix.exs mix.lock ./\nRUN mix deps.get', 'other:; lock'],
    ['RUN opam install -y dune.3.1.0 x', 'other: dune=3.1.0, x'],
    ['RUN cabal install hlint-3.8', 'other: hlint=3.8'],
    ['RUN raco pkg install x', 'other: x'],
    ['RUN ansible-galaxy collection install a.b:1.2.3 c.d', 'other: a.b=1.2.3, c.d'],
    ['RUN guix install hello@2.12', 'other: hello=2.12'],
    ['RUN guix package -i hello', 'other: hello'],
    ['RUN snap install --revision=42 hello', 'other: hello=42'],
    ['RUN snap install hello', 'other: hello'],
    ['RUN emerge =app-misc/x-1.2 app-misc/y', 'other: app-misc/x=1.2, app-misc/y'],
    ['RUN xbps-install -Sy curl', 'other: curl'],
    ['RUN rpm-ostree install curl', 'other: curl'],
    ['RUN nix profile install nixpkgs#hello', 'other: nixpkgs#hello'],
    [`RUN nix profile install github:NixOS/nixpkgs/${COMMIT}#hello`, `other: hello=${COMMIT}`],
    ['COPY composer.lock ./\nRUN php composer.phar install', 'composer:; lock'],
  ])('%s', (run, found) => {
    expect(installs(run)).toEqual([found]);
  });

  test.each([
    'RUN npx tsc --build',
    'RUN npm exec tsc',
    'RUN uv run pytest',
    'RUN pipx list',
    'RUN emerge --sync',
    'RUN mix compile',
    'RUN pdm run start',
    'RUN php index.php install',
    'RUN nix profile list',
  ])('ok-%s', (run) => {
    expect(installs(run)).toEqual([]);
  });
});
