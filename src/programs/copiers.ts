import { lookup } from '../model/lookup.ts';

/** Programs that copy from other machines, by verb; the destination follows the address. */
export interface Copier {
  /** Beginnings of its command lines. */
  readonly verbs?: readonly string[];
  readonly from: RegExp;
  /** Without a place behind the address it is one that is copied to. */
  readonly both?: true;
}

const HTTP = /^(?:https?|ftp):\/\//i;
/** HTTPie and its kind add the scheme; a method may precede the address, and `:` is localhost. */
const SHORT = /^(?![A-Z]+$|:)\S/;
export const COPIERS = lookup<Copier>({
  aws: { both: true, verbs: ['s3'], from: /^s3:\/\// },
  gsutil: { both: true, verbs: ['cp', 'rsync'], from: /^gs:\/\// },
  gcloud: { both: true, verbs: ['storage'], from: /^gs:\/\// },
  azcopy: { both: true, verbs: ['copy', 'cp', 'sync'], from: /^https?:\/\// },
  s3cmd: { both: true, verbs: ['get', 'sync'], from: /^s3:\/\// },
  s5cmd: { both: true, verbs: ['cp', 'sync'], from: /^s3:\/\// },
  rclone: { both: true, verbs: ['copy', 'copyto', 'sync', 'copyurl'], from: /^[\w.-]+:\S/ },
  svn: { verbs: ['checkout', 'co', 'export'], from: /^(?:https?|svn(?:\+ssh)?):\/\// },
  bzr: { verbs: ['branch', 'checkout'], from: /^(?:https?|lp|bzr):/ },
  rsync: { both: true, from: /^rsync:\/\/|^[\w.@-]+::?\S/ },
  scp: { both: true, from: /^scp:\/\/|^[\w.@-]+:\S/ },
  sftp: { from: /^sftp:\/\/|^[\w.@-]+:\S/ },
  ftp: { from: HTTP },
  fetch: { from: HTTP },
  ncftpget: { from: HTTP },
  wcurl: { from: HTTP },
  'lwp-download': { from: HTTP },
  'lwp-request': { from: HTTP },
  GET: { from: HTTP },
  lynx: { from: HTTP },
  links: { from: HTTP },
  elinks: { from: HTTP },
  w3m: { from: HTTP },
  http: { from: SHORT },
  https: { from: SHORT },
  xh: { from: SHORT },
  xhs: { from: SHORT },
});
