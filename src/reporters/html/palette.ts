import type { Severity } from '../../model/facts.ts';
import type { Grade } from '../../model/scorecard.ts';

/** `ink` is drawn on `fill`, `text` on the page; `edge` sets a filled shape apart from the page. */
interface Tone {
  readonly fill: string;
  readonly ink: string;
  readonly edge: string;
  readonly text: string;
}

export interface Theme {
  readonly page: string;
  readonly raised: string;
  readonly sunken: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  /** Controls have an edge that stands out from the page. */
  readonly control: string;
  /** The chilli, and links. */
  readonly accent: string;
  readonly cool: Tone;
  readonly mild: Tone;
  readonly warm: Tone;
  readonly spicy: Tone;
  readonly hot: Tone;
  readonly calm: Tone;
}

export type ToneName = 'cool' | 'mild' | 'warm' | 'spicy' | 'hot' | 'calm';
export const TONES: readonly ToneName[] = ['cool', 'mild', 'warm', 'spicy', 'hot', 'calm'];

export const LIGHT: Theme = {
  page: '#faf8f4',
  raised: '#ffffff',
  sunken: '#f1ede5',
  ink: '#1d1a16',
  muted: '#625b50',
  line: '#e4ddd0',
  control: '#8a8275',
  accent: '#a82a14',
  cool: { fill: '#0c8058', ink: '#ffffff', edge: '#0b6b49', text: '#0b6b49' },
  mild: { fill: '#7ab648', ink: '#1d1a16', edge: '#4a7f22', text: '#3f6d1d' },
  warm: { fill: '#efc53b', ink: '#1d1a16', edge: '#967000', text: '#785900' },
  spicy: { fill: '#ef8d34', ink: '#1d1a16', edge: '#b3580a', text: '#974806' },
  hot: { fill: '#c8301d', ink: '#ffffff', edge: '#a82a14', text: '#a82a14' },
  calm: { fill: '#d8d1c4', ink: '#1d1a16', edge: '#8a8275', text: '#625b50' },
};

export const DARK: Theme = {
  page: '#171512',
  raised: '#201d19',
  sunken: '#2a2621',
  ink: '#f2ede4',
  muted: '#b0a798',
  line: '#3a352e',
  control: '#857c6e',
  accent: '#ff9a7d',
  cool: { fill: '#2fbf8b', ink: '#171512', edge: '#2fbf8b', text: '#52d3a2' },
  mild: { fill: '#93cb5f', ink: '#171512', edge: '#93cb5f', text: '#a3d873' },
  warm: { fill: '#f0c94c', ink: '#171512', edge: '#f0c94c', text: '#f0cf63' },
  spicy: { fill: '#f59b4b', ink: '#171512', edge: '#f59b4b', text: '#f9ae6c' },
  hot: { fill: '#f0634a', ink: '#171512', edge: '#f0634a', text: '#ff8b74' },
  calm: { fill: '#4a443b', ink: '#f2ede4', edge: '#857c6e', text: '#b0a798' },
};

export const GRADE_TONES: Readonly<Record<Grade, ToneName>> = {
  'A+': 'cool',
  A: 'mild',
  B: 'warm',
  C: 'spicy',
  D: 'hot',
};

export const SEVERITY_TONES: Readonly<Record<Severity, ToneName>> = {
  critical: 'hot',
  high: 'spicy',
  medium: 'warm',
  low: 'mild',
  negligible: 'calm',
  unknown: 'calm',
};

/** The theme as declarations of custom properties. */
export function themeProperties(theme: Theme): string {
  const { page, raised, sunken, ink, muted, line, control, accent } = theme;
  const plain = { page, raised, sunken, ink, muted, line, control, accent };
  const tones = TONES.flatMap((name) =>
    Object.entries(theme[name]).map(([part, value]) => [`${name}-${part}`, value as string]),
  );
  return [...Object.entries(plain), ...tones]
    .map(([name, value]) => `--${name ?? ''}:${value ?? ''}`)
    .join(';');
}
