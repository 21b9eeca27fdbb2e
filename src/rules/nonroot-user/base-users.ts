import type { Stage } from '../../model/dockerfile.ts';

/** Official images that set a user of their own. */
const OWN_USER = new Set(
  (
    'jetty kibana kong liquibase logstash memcached odoo open-liberty rocket.chat solr spark ' +
    'varnish websphere-liberty'
  ).split(' '),
);

/** Official images of which some versions do. */
const MAY_HAVE_USER = new Set(
  'elasticsearch flyway groovy haproxy hitch irssi jenkins kapacitor neo4j rakudo-star sonarqube'.split(
    ' ',
  ),
);

/** Where official images are, and mirrors of them. */
const OFFICIAL = ['docker.io/library/', 'mirror.gcr.io/library/', 'public.ecr.aws/docker/library/'];

/** Whether the stage's base runs as root without a USER; undefined if unclear from its name. */
export function baseIsRoot({ base }: Stage): boolean | undefined {
  if (base.kind === 'scratch') return true;
  if (base.kind !== 'image' || base.image.reference === undefined) return undefined;
  const { registry, repository, tag = '' } = base.image.reference;
  if (/non-?root|rootless|unprivileged/.test(`${repository}:${tag}`)) return false;
  if (registry === 'gcr.io' && repository.startsWith('distroless/')) return true;
  const official = OFFICIAL.find((one) => `${registry}/${repository}`.startsWith(one));
  if (official === undefined) return undefined;
  const name = `${registry}/${repository}`.slice(official.length);
  return MAY_HAVE_USER.has(name) ? undefined : !OWN_USER.has(name);
}
