import { inText, type SecretRule } from './rule.ts';

const NEAR = 240;
const ACCOUNT = /(?<![A-Za-z0-9])AC[0-9a-f]{32}(?![A-Za-z0-9])/;
const KEY = /^SK[0-9a-f]{32}$/;
/** What a key begins with; `SK` alone stands in too much. */
const BARE = Array.from({ length: 16 }, (_, digit) => `SK${digit.toString(16)}`);
const DIGITS = 32;

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

function isDigits(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < from + DIGITS; at += 1) if (!isHex(bytes[at])) return false;
  return true;
}

/**
 * A key beside the name, or a bare one near its account: 32 digits with `SK` in front say little
 * alone.
 */
export const TWILIO: SecretRule = {
  ...inText(
    'twilio-key',
    'Twilio: API keys and auth tokens beside the name, API keys near the account that they are of',
    ['twilio', 'TWILIO', 'Twilio', ...BARE],
    /twilio[\w .:,'"=>()[\]-]{0,60}?(?:(?<![A-Za-z0-9])(SK[0-9a-f]{32})|(?:token|secret|key)\w{0,10}["']?\s{0,3}[:=]\s{0,3}["']?([0-9a-f]{32}))(?![A-Za-z0-9])|(?<![A-Za-z0-9])(?<bare>SK[0-9a-f]{32})(?![A-Za-z0-9])/iy,
    (_value, { groups, index, input }) => {
      const bare = groups?.['bare'];
      if (bare === undefined) return true;
      return KEY.test(bare) && ACCOUNT.test(input.slice(Math.max(0, index - NEAR), index + NEAR));
    },
  ),
  glance: (bytes, at) => bytes[at] !== 0x53 || isDigits(bytes, at + 2),
};
