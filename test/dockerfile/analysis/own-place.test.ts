import { expect, test } from 'vitest';
import { analysisOf, downloads, installs } from './support.ts';

const unread = (text: string, files: Readonly<Record<string, string>> = {}): readonly string[] =>
  analysisOf(`FROM x\n${text}`, {}, files).unread.map(({ program }) => program ?? '');

test('a PATH that is set later does not speak for a command before it', () => {
  const files = { 'bin/ls': 'make\n' };
  expect(unread('COPY bin /o\nRUN PATH=/o:$PATH; ls; export PATH=/usr/bin', files)).toEqual([
    'make',
  ]);
  expect(unread('COPY bin /o\nRUN ls; export PATH=/o:$PATH', files)).toEqual([]);
  const check = 'echo "$SUM  f" | sha256sum -c';
  expect(
    downloads(
      `ARG SUM=${'a'.repeat(64)}\nRUN set -e; curl -o f https://e.example/f; PATH=/o; ${check}; PATH=/bin`,
    ),
  ).toEqual(['curl: not by sha256sum -c, its program may have been replaced']);
});

test('a variable that is set later does not freeze an install before it', () => {
  expect(installs('RUN pnpm install; export CI=1')).toEqual(['pnpm:']);
  expect(installs('RUN export CI=1; pnpm install; unset CI')).toEqual(['pnpm:; lock']);
  expect(installs('RUN CI=1 pnpm install; CI=0')).toEqual(['pnpm:; lock']);
  expect(installs('RUN UV_FROZEN=0; uv sync; UV_FROZEN=1')).toEqual(['uv:']);
});
