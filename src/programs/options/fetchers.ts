import type { ValuedOptions } from '../program.ts';

const CURL =
  '--abstract-unix-socket --alt-svc --aws-sigv4 --cacert --capath -E --cert --cert-type --ciphers -K ' +
  '--config --connect-timeout --connect-to -C --continue-at -b --cookie -c --cookie-jar --create-file-mode ' +
  '--crlfile --curves -d --data --data-ascii --data-binary --data-raw --data-urlencode --delegation ' +
  '--dns-interface --dns-ipv4-addr --dns-ipv6-addr --dns-servers --doh-url -D --dump-header --ech ' +
  '--egd-file --engine --etag-compare --etag-save --expect100-timeout -F --form --form-string --ftp-account ' +
  '--ftp-alternative-to-user --ftp-method -P --ftp-port --ftp-ssl-ccc-mode --happy-eyeballs-timeout-ms ' +
  '--haproxy-clientip -H --header --hostpubmd5 --hostpubsha256 --hsts --interface --ip-tos --ipfs-gateway ' +
  '--json --keepalive-cnt --keepalive-time --key --key-type --krb --libcurl --limit-rate --local-port ' +
  '--login-options --mail-auth --mail-from --mail-rcpt --max-filesize --max-redirs -m --max-time ' +
  '--netrc-file --noproxy --oauth2-bearer -o --output --output-dir --parallel-max --pass --pinnedpubkey ' +
  '--preproxy --proto --proto-default --proto-redir -x --proxy --proxy-cacert --proxy-capath --proxy-cert ' +
  '--proxy-cert-type --proxy-ciphers --proxy-crlfile --proxy-header --proxy-key --proxy-key-type ' +
  '--proxy-pass --proxy-pinnedpubkey --proxy-service-name --proxy-tls13-ciphers --proxy-tlsauthtype ' +
  '--proxy-tlspassword --proxy-tlsuser -U --proxy-user --proxy1.0 --pubkey -Q --quote --random-file -r ' +
  '--range --rate -e --referer -X --request --request-target --resolve --retry --retry-delay ' +
  '--retry-max-time --sasl-authzid --service-name --sigalgs --socks4 --socks4a --socks5 ' +
  '--socks5-gssapi-service --socks5-hostname -Y --speed-limit -y --speed-time --ssl-sessions --stderr -t ' +
  '--telnet-option --tftp-blksize -z --time-cond --tls-max --tls13-ciphers --tlsauthtype --tlspassword ' +
  '--tlsuser --trace --trace-ascii --trace-config --unix-socket -T --upload-file --upload-flags --url ' +
  '--url-query -u --user -A --user-agent --variable --vlan-priority -w --write-out';
const WGET =
  '-e --execute -o --output-file -a --append-output -i --input-file -B --base --config --rejected-log -t ' +
  '--tries --retry-on-http-error -O --output-document --start-pos --progress -T --timeout --dns-timeout ' +
  '--connect-timeout --read-timeout -w --wait --waitretry -Q --quota --bind-address --limit-rate ' +
  '--prefer-family --user --password --use-askpass --local-encoding --remote-encoding -P --directory-prefix ' +
  '--cut-dirs --http-user --http-password --default-page --header --compression --max-redirect --proxy-user ' +
  '--proxy-password --referer -U --user-agent --load-cookies --save-cookies --post-data --post-file ' +
  '--method --body-data --body-file --secure-protocol --certificate --certificate-type --private-key ' +
  '--private-key-type --ca-certificate --ca-directory --crl-file --pinnedpubkey --random-file --egd-file ' +
  '--ciphers --hsts-file --ftp-user --ftp-password --warc-file --warc-header --warc-max-size --warc-dedup ' +
  '--warc-tempdir -l --level -A --accept -R --reject --accept-regex --reject-regex --regex-type -D ' +
  '--domains --exclude-domains --follow-tags --ignore-tags -I --include-directories -X ' +
  '--exclude-directories';
const HTTPIE =
  '--boundary --raw --pretty -s --style --response-charset --response-mime --format-options -p --print -P ' +
  '--history-print -o --output --session --session-read-only -a --auth -A --auth-type --proxy ' +
  '--max-redirects --max-headers --timeout --verify --ssl --ciphers --cert --cert-key --cert-key-pass ' +
  '--default-scheme';
const XH =
  '--raw --pretty --format-options -s --style --response-charset --response-mime -p --print -P ' +
  '--history-print -o --output --session --session-read-only -a --auth -A --auth-type --bearer --proxy ' +
  '--verify --cert --cert-key --ssl --default-scheme --http-version --resolve --interface --unix-socket ' +
  '--timeout --max-redirects --generate';

/**
 * The options of each fetcher that take a value, after its manual: curl 8.14, wget 1.25, wget2 2.2,
 * aria2 1.37, axel 2.17, HTTPie 3.2, xh 0.24, rsync 3.5, OpenSSH 10, w3m 0.5, FreeBSD's fetch. The
 * next word is never an address then.
 */
export const FETCHER_OPTIONS: ValuedOptions = {
  // `--expand-url` is `--url` with variables put in.
  curl: CURL + CURL.replaceAll(' --', ' --expand-'),
  wget: WGET,
  wget2:
    `${WGET} ` +
    '--bind-interface --chunk-size --max-threads --stats-dns --stats-tls --stats-ocsp --stats-server ' +
    '--stats-site --dns-cache-preload --input-encoding --http-proxy --https-proxy --http-proxy-user ' +
    '--http-proxy-password --default-http-port --default-https-port --cookie-suffixes --signature-extensions ' +
    '--gnupg-homedir --fsync-policy --http2-request-window --hpkp-file --ocsp-file --ocsp-server ' +
    '--tls-resume-file --tls-session-file --netrc-file --filter-mime-type --save-content-on',
  aria2c:
    '-d --dir -i --input-file -l --log -j --max-concurrent-downloads --all-proxy --all-proxy-passwd ' +
    '--all-proxy-user --checksum --connect-timeout --lowest-speed-limit -x --max-connection-per-server ' +
    '--max-file-not-found -m --max-tries -k --min-split-size --netrc-path --no-proxy -o --out --proxy-method ' +
    '--retry-wait --server-stat-of --server-stat-if --server-stat-timeout -s --split --stream-piece-selector ' +
    '-t --timeout --uri-selector --ca-certificate --certificate --http-user --http-passwd --http-proxy ' +
    '--http-proxy-passwd --http-proxy-user --https-proxy --https-proxy-passwd --https-proxy-user ' +
    '--private-key --referer --header --load-cookies --save-cookies -U --user-agent --ftp-user --ftp-passwd ' +
    '--ftp-proxy --ftp-proxy-passwd --ftp-proxy-user --ftp-type --ssh-host-key-md --select-file ' +
    '--bt-exclude-tracker --bt-external-ip --bt-lpd-interface --bt-max-open-files --bt-max-peers ' +
    '--bt-min-crypto-level --bt-prioritize-piece --bt-request-peer-speed-limit --bt-stop-timeout --bt-tracker ' +
    '--bt-tracker-connect-timeout --bt-tracker-interval --bt-tracker-timeout --dht-entry-point ' +
    '--dht-entry-point6 --dht-file-path --dht-file-path6 --dht-listen-addr6 --dht-listen-port ' +
    '--dht-message-timeout -O --index-out --listen-port --max-overall-upload-limit -u --max-upload-limit ' +
    '--peer-id-prefix --peer-agent --seed-ratio --seed-time -T --torrent-file --metalink-base-uri -M ' +
    '--metalink-file --metalink-language --metalink-location --metalink-os --metalink-version ' +
    '--metalink-preferred-protocol --rpc-certificate --rpc-listen-port --rpc-max-request-size --rpc-passwd ' +
    '--rpc-private-key --rpc-secret --rpc-user --auto-save-interval --conf-path --console-log-level ' +
    '--disk-cache --download-result --dscp --rlimit-nofile --event-poll -a --file-allocation --gid ' +
    '--interface --max-download-result --max-mmap-limit --max-resume-failure-tries --min-tls-version ' +
    '--multiple-interface --log-level --on-bt-download-complete --on-download-complete --on-download-error ' +
    '--on-download-pause --on-download-start --on-download-stop --piece-length --summary-interval ' +
    '--max-overall-download-limit --max-download-limit --no-file-allocation-limit --save-session ' +
    '--save-session-interval --socket-recv-buffer-size --stop --stop-with-process --async-dns-server',
  axel: '-s --max-speed -n --num-connections --max-redirect -o --output -H --header -U --user-agent -T --timeout',
  http: HTTPIE,
  https: HTTPIE,
  xh: XH,
  xhs: XH,
  fetch:
    '-B -c -f -h -i -N -o -S -T -w --bind-address --ca-cert --ca-path --cert --crl --key --buffer-size ' +
    '--netrc --no-proxy --output --size --timeout --retry-delay --referer --user-agent --if-modified-since',
  wcurl: '-o -O --output --curl-options --decode-filename',
  w3m: '-I -O -T -o -t -l',
  ftp: '-o -s -N -P -q -r -T -u -x',
  scp: '-c -D -F -i -J -l -o -P -S -X',
  sftp: '-B -b -c -D -F -i -J -l -o -P -R -S -s -X',
  rsync:
    '-e -f -T -B -M -@ --info --debug --stderr --backup-dir --suffix --confine-root --chmod --checksum-choice ' +
    '--block-size --rsh --rsync-path --max-delete --max-size --min-size --max-alloc --partial-dir --usermap ' +
    '--groupmap --chown --timeout --contimeout --modify-window --temp-dir --compare-dest --copy-dest ' +
    '--link-dest --compress-choice --compress-level --compress-threads --skip-compress --filter --exclude ' +
    '--exclude-from --include --include-from --files-from --copy-as --address --port --sockopts --outbuf ' +
    '--remote-option --out-format --log-file --log-file-format --password-file --early-input --bwlimit ' +
    '--stop-after --stop-at --write-batch --only-write-batch --read-batch --protocol --iconv --checksum-seed',
  aws:
    '--region --profile --endpoint-url --output --query --color --ca-bundle --cli-read-timeout ' +
    '--cli-connect-timeout --cli-binary-format --exclude --include --request-payer --page-size --acl ' +
    '--storage-class --sse --sse-c --sse-c-key --sse-kms-key-id',
};
