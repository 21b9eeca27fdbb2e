import { describe, expect, it } from 'vitest';
import { parseDockerfile } from './parse-dockerfile.ts';
import { ACCEPTED, NEWER, NOT_JUDGED, REFUSED } from './recorded.ts';

const isRead = (text: string): boolean => parseDockerfile(text).ok;

describe('what BuildKit refuses', () => {
  it('has at least 150 files on record', () => {
    expect(ACCEPTED.length).toBeGreaterThan(150);
    expect(REFUSED.length).toBeGreaterThan(150);
  });

  it('reads all that BuildKit accepts', () => {
    expect(ACCEPTED.filter((text) => !isRead(text))).toEqual([]);
  });

  it('refuses what BuildKit refuses', () => {
    expect(REFUSED.filter(isRead)).toEqual([]);
  });

  it('reads what a newer BuildKit builds', () => {
    expect(NEWER.filter((text) => !isRead(text))).toEqual([]);
  });

  it('does not judge values that only the build knows', () => {
    expect(NOT_JUDGED.filter((text) => !isRead(text))).toEqual([]);
  });

  it('names the line and the reason', () => {
    const read = parseDockerfile('FROM scratch\nLABEL a=b\nRUN --mout=type=cache,target=/x y\n');
    expect(read).toEqual({ ok: false, error: { message: 'RUN: unknown flag: --mout', line: 3 } });
  });

  it('leaves files of another frontend, and files already built, to it', () => {
    const text = 'FROM scratch\nRUN --foo x\n';
    expect(isRead(`# syntax=example.com/frontend:1\n${text}`)).toBe(true);
    expect(isRead(`# syntax=docker/dockerfile:1\n${text}`)).toBe(false);
    expect(parseDockerfile(text, { built: true }).ok).toBe(true);
  });
});
