import { MONTHS } from '../date-words.ts';
import type { ReportRule } from '../rule.ts';

const REMEDY =
  'Write a date that does not change: declare ARG SOURCE_DATE_EPOCH and use date -u -d @"$SOURCE_DATE_EPOCH".';

/** A day as programs write it: 2026-07-26, 20260726, `Jul 26 …`, `26 Jul 2026`. */
function spellings(seconds: number): RegExp {
  const at = new Date(seconds * 1000);
  const [year = '', month = '', day = ''] = at.toISOString().slice(0, 10).split('-');
  const name = MONTHS[at.getUTCMonth()] ?? '';
  const short = `0?${Number(day)}`;
  return new RegExp(
    `\\b${year}([-/.]?)${month}(?:\\1)${day}(?!\\d)|\\b${name}\\w* +${short}\\b.*\\b${year}\\b|\\b${short}[ -]${name}\\w*[ -]${year}\\b`,
  );
}

export const buildDates: ReportRule = {
  id: 'build-dates',
  touches: 'Nothing. Small text files that a RUN wrote and that contain the day on which it did.',
  safeBecause: 'What a date in a text means only its author can say.',
  answers: 'Dates written by a RUN',
  mode: 'safe',
  kind: 'report',
  largest: 4096,
  applies: ({ entry }, { copied, epoch }) => !copied && entry.mtime > epoch,
  inspect: (bytes, { entry }) => {
    if (bytes.includes(0)) return undefined;
    const text = Buffer.from(bytes).toString('latin1');
    return spellings(entry.mtime).test(text) ? { kind: 'build-date', remedy: REMEDY } : undefined;
  },
};
