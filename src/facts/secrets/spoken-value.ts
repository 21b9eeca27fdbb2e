import { isPasswordName, secretName } from '../../model/secret-names.ts';
import { isDrawn } from './secret-value.ts';

/** Words by which people say that a value only stands there until another is given; matched against words divided by `-`, or by nothing. */
const SPOKEN = new RegExp(
  [
    '^your',
    '^set-?me',
    '^(?:insert|enter|get|put|add|paste|use|set|pick)-',
    '^(?:insert|enter|put|paste|set|pick)(?:an?|the|your|safe|secure|api)[a-z]',
    '(?:-|password|token|key|secret|var|value)here$',
    '(?:^|-)(?:example|sample|temp|temporary|override|replaced?)(?:-|$)',
    '(?:change|update|overwrite|replace)d?-?(?:me|this|it|these|the|your)',
    '(?:change|update)d?-(?:in|before|on|at)(?:-|$)',
    '(?:please|should)-?(?:really-)?(?:change|set|overwrite|replace)',
    '(?:^|-)(?:build-?time|pre-?compil(?:e|ation))(?:-|$)',
    '(?:for|during|docker|image|just|only)-?(?:the-)?(?:docker-)?build(?:ing|s)?(?:-|$)',
    'not-?(?:an?-|so-)?(?:real|secret|secure|used|needed|important|present|set|in-?use|for-production)',
    '^no-?(?:default|value|key|token|secret|password)',
    'will-?be-',
    '^(?:environment|env)-?var',
  ].join('|'),
);
/** Words that no secret has between its own signs. */
const STAND_IN =
  /(?:^|[^a-z])(?:placeholder|dummy|fake|(?:replace|change)[-_]?me)(?=[^a-z]|$)|[-_]X{3,}$/i;
/** Stages of a software's life: they stand where no key was drawn. */
const STAGE =
  /^(?:local|dev|development|prod|production|staging|ci|build|builder|docker|noop|setup|nothing|temp|tmp|assets)$/;
/** Who draws keys and tokens at random, by the names of variables. */
const ISSUERS =
  /(?:^|_)(?:BOT|GITHUB|GITLAB|OPENAI|ANTHROPIC|GOOGLE|GEMINI|STRIPE|SLACK|DISCORD|TELEGRAM|FACEBOOK|FLICKR|TWITTER|NPM|AWS|AZURE|TWILIO|SENDGRID|HUGGING_?FACE|HF|TAVILY|COHERE|MISTRAL|GROQ|SENTRY|DATADOG|MAPBOX|MAPZEN|OPENWEATHER(?:MAP)?)(?:_[A-Z]+){0,4}_(?:KEY|TOKEN|SECRET)$/i;

/** The words of a value, small, divided by `-`; undefined where something else is in it. */
function wordsIn(value: string): string | undefined {
  const parts = value.replace(/([a-z])(?=[A-Z][a-z])/g, '$1-').split(/[-_. ]+/);
  const isWord = (part: string): boolean =>
    /^(?:[A-Za-z]{1,40}|\d{1,8}|(?:1234567890?)+\d{0,9}|[!?]|)$/.test(part);
  return parts.every(isWord) ? parts.join('-').toLowerCase() : undefined;
}

/** True where the value names a secret and is none: `DB_SECRET=app-db-password`. */
function isNameOfOne(name: string, value: string): boolean {
  return /SECRET$/i.test(name) && /^[a-z]+-[a-z-]*(?:password|secret|token|key|user)$/.test(value);
}

/**
 * True for words in a row where nothing was drawn: they say that another value comes, or name another place; or the name asks for a
 * key, which is drawn at random, and not for a password, which a person makes up.
 */
export function isSpoken(name: string, value: string): boolean {
  if (STAND_IN.test(value)) return true;
  const words = wordsIn(value);
  if (words === undefined) return false;
  if (SPOKEN.test(words)) return true;
  // A constant’s name, as programs have them, names a secret.
  if (/^[A-Z]+(?:_[A-Z]+)+$/.test(value) && secretName(value, 'sure') !== undefined) return true;
  if (isPasswordName(name) || isDrawn(value)) return false;
  return ISSUERS.test(name) || STAGE.test(words) || isNameOfOne(name, value);
}
