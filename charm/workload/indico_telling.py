# SPDX-License-Identifier: Apache-2.0
"""What the StatsD exporter is told of the database, the cache, the backups and the site's certificate."""

import os
import sys

from indico_common import Failure, cache_client, first_line, note, note_path, rows

# Where the StatsD exporter of this container takes what comes through syslog.
STATSD_ADDRESS = ('127.0.0.1', 9126)

def tell(sample):
    """Tell the StatsD exporter, through syslog as nginx does; nobody may be there to hear it."""
    import socket
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
        try:
            teller.sendto(f'<14>indico-workload: indico_operator.{sample}'.encode(), STATSD_ADDRESS)
        except OSError as error:
            print(f'cannot tell the StatsD exporter {sample}: {error}', file=sys.stderr)


def tell_operator(config, state):
    """Tell how the database stands, how old the last backup is and until when the site's certificate is good."""
    tell_state(state)
    # Totals begin at nought, so that the first of a kind is seen as growth.
    for total in ('session_invalidations:0|c', 'migrations:0|c|#outcome:success', 'migrations:0|c|#outcome:failure'):
        tell(total)
    settings = note('backup.json')
    scheduled = os.stat(note_path('backup.json')).st_mtime if settings.get('hour') is not None else 0
    tell(f'backup_schedule_timestamp_seconds:{scheduled:.0f}|g')
    last, outcome = note('last-backup.json'), note('backup-outcome.json')
    if 'at' in last:
        tell(f"last_backup_timestamp_seconds:{last['at']:.0f}|g")
        tell(f"last_backup_bytes:{last.get('size', 0)}|g")
    if 'ok' in outcome and scheduled:
        tell(f"last_backup_ok:{int(outcome['ok'])}|g")
    if (expiry := certificate_expiry(config.get('BASE_URL') or '')) is not None:
        tell(f'certificate_expiry_timestamp_seconds:{expiry:.0f}|g')


def tell_state(state):
    """Tell how the tables stand to the code, by a gauge for each state there is."""
    for other in ('current', 'behind', 'empty', 'unknown'):
        tell(f'database_state:{int(other == state)}|g|#state:{other}')


def certificate_expiry(url):
    """Tell until when the certificate is good that visitors of the site are shown, whoever issued it.

    None where there is none to be seen: the site has no TLS, or its name leads nowhere from here.
    """
    from urllib.parse import urlsplit
    site = urlsplit(url)
    if site.scheme != 'https' or not site.hostname:
        return None
    import socket
    import ssl
    context = ssl.create_default_context()
    # It is looked at, not trusted: one that is out of date has to be told of as well.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (socket.create_connection((site.hostname, site.port or 443), timeout=2) as plain,
              context.wrap_socket(plain, server_hostname=site.hostname) as secured):
            shown = secured.getpeercert(binary_form=True)
        from cryptography import x509
        certificate = x509.load_der_x509_certificate(shown)
    except (OSError, ValueError, ImportError) as error:
        print(f'the certificate of {site.hostname} was not seen: {first_line(error)}', file=sys.stderr)
        return None
    import datetime
    # Older releases of the package know it without a zone only.
    until = getattr(certificate, 'not_valid_after_utc', None) or certificate.not_valid_after
    return until.replace(tzinfo=datetime.timezone.utc).timestamp()


def tell_statistics(config, cursor):
    """Tell how much there is in the database and the cache, whenever the database is looked at anyway."""
    if rows(cursor, "SELECT to_regclass('users.users') IS NULL OR to_regclass('events.events') IS NULL")[0][0]:
        return
    [(users, events, size, connections, limit)] = rows(cursor, """
        SELECT (SELECT count(*) FROM users.users WHERE NOT is_deleted AND NOT is_system),
               (SELECT count(*) FROM events.events WHERE NOT is_deleted),
               pg_database_size(current_database()),
               (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
               current_setting('max_connections')::int""")
    samples = {'users': users, 'events': events, 'database_bytes': size, 'database_connections': connections,
               'database_connections_limit': limit}
    try:
        memory = cache_client(config).info('memory') if config.get('REDIS_CACHE_URL') else {}
        samples |= {'cache_bytes': memory['used_memory'], 'cache_limit_bytes': memory['maxmemory']} if memory else {}
    except Failure as failure:
        print(f'the cache was not asked: {failure}', file=sys.stderr)
    for name, value in samples.items():
        tell(f'{name}:{value}|g')
