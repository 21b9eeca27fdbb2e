import type { Stage } from '../../model/dockerfile.ts';

/** Official images that set a user of their own. */
const OWN_USER = new Set(
  (
    'elasticsearch haproxy jenkins jetty kapacitor kibana kong liquibase logstash memcached neo4j ' +
    'odoo open-liberty rakudo-star rocket.chat solr sonarqube spark varnish websphere-liberty ' +
    'groovy irssi hitch flyway'
  ).split(' '),
);

/** Where official images are, and mirrors of them. */
const OFFICIAL = ['docker.io/library/', 'mirror.gcr.io/library/', 'public.ecr.aws/docker/library/'];

/** Whether containers of the stage's base run as root where no USER says otherwise; undefined where that is not known from its name. */
export function baseIsRoot({ base }: Stage): boolean | undefined {
  if (base.kind === 'scratch') return true;
  if (base.kind !== 'image' || base.image.reference === undefined) return undefined;
  const { registry, repository, tag = '' } = base.image.reference;
  if (/non-?root|rootless|unprivileged/.test(`${repository}:${tag}`)) return false;
  if (registry === 'gcr.io' && repository.startsWith('distroless/')) return true;
  const official = OFFICIAL.find((one) => `${registry}/${repository}`.startsWith(one));
  if (official === undefined) return undefined;
  return !OWN_USER.has(`${registry}/${repository}`.slice(official.length));
}
