import type { ReportFormat, ReportInput, ReportSubject } from '../model/report.ts';
import { unreachable } from '../model/result.ts';

/** Colours and width for where a report goes; only the terminal's form looks at them. */
interface ReportScreen {
  readonly color: boolean;
  readonly width?: number;
  readonly unicode: boolean;
  /** Every criterion, passed ones too. */
  readonly verbose?: boolean;
}

/** The images that a report for machines lists: of a difference, the newer one. */
export function imagesOf(subject: ReportSubject): readonly ReportInput[] {
  switch (subject.kind) {
    case 'image':
      return [subject.image];
    case 'comparison':
      return subject.images;
    case 'difference':
      return [subject.after];
    default:
      return unreachable(subject);
  }
}

/** A report as text; each format's code is loaded when it is asked for. */
export async function renderReport(
  subject: ReportSubject,
  format: ReportFormat,
  screen: ReportScreen,
): Promise<string> {
  switch (format) {
    case 'terminal':
      return terminal(subject, screen);
    case 'json':
      return json(subject);
    case 'markdown':
      return markdown(subject);
    case 'html':
      return html(subject);
    case 'sarif':
      return (await import('../reporters/sarif/sarif.ts')).sarifReport(imagesOf(subject));
    case 'junit': {
      const { junitReport } = await import('../reporters/junit.ts');
      return junitReport(imagesOf(subject).map(({ scorecard }) => scorecard));
    }
    case 'code-quality':
      return (await import('../reporters/code-quality.ts')).codeQualityReport(imagesOf(subject));
    case 'badges': {
      const { badgesReport } = await import('../reporters/badges/badges.ts');
      return imagesOf(subject)
        .map(({ scorecard }) => badgesReport(scorecard))
        .join('\n');
    }
    default:
      return unreachable(format);
  }
}

async function terminal(subject: ReportSubject, screen: ReportScreen): Promise<string> {
  if (subject.kind === 'image')
    return (await import('../reporters/terminal/terminal.ts')).terminalReport(
      subject.image,
      screen,
    );
  if (subject.kind === 'comparison')
    return (await import('../reporters/terminal/terminal-comparison.ts')).terminalComparison(
      subject.images,
      screen,
    );
  const { terminalDifference } = await import('../reporters/terminal/terminal-difference.ts');
  return terminalDifference(subject.before, subject.after, screen);
}

async function json(subject: ReportSubject): Promise<string> {
  const reporter = await import('../reporters/json.ts');
  if (subject.kind === 'image') return reporter.jsonReport(subject.image.scorecard);
  if (subject.kind === 'comparison') return reporter.jsonComparison(subject.images);
  return reporter.jsonDifference(subject.before, subject.after);
}

async function markdown(subject: ReportSubject): Promise<string> {
  if (subject.kind === 'image')
    return (await import('../reporters/markdown/markdown.ts')).markdownReport(subject.image);
  const reporter = await import('../reporters/markdown/markdown-several.ts');
  return subject.kind === 'comparison'
    ? reporter.markdownComparison(subject.images)
    : reporter.markdownDifference(subject.before, subject.after);
}

async function html(subject: ReportSubject): Promise<string> {
  if (subject.kind === 'image')
    return (await import('../reporters/html/report.tsx')).htmlReport(subject.image);
  if (subject.kind === 'comparison')
    return (await import('../reporters/html/several.tsx')).htmlComparison(subject.images);
  const { htmlDifference } = await import('../reporters/html/several.tsx');
  return htmlDifference(subject.before, subject.after);
}
