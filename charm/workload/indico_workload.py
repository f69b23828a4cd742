# SPDX-License-Identifier: Apache-2.0
"""What the Indico charm asks of Indico where Indico has no command that works without a terminal.

    python indico_workload.py VERB < request.json > reply.json

The request is one JSON object on standard input (so nothing of it shows in a process list), the reply one JSON object
on standard output: {"ok": true, ...} with exit code 0, or {"ok": false, "error": CODE, "message": TEXT} with exit
code 1. Whatever Indico prints goes to standard error. INDICO_CONFIG names the indico.conf in use.

`indico_workload.py celery worker ...`, `indico_workload.py celery beat` and `indico_workload.py backup-timer FILE` are
services and never reply.

Verbs that only look (facts, db-status, celery-check) and guard-sessions do not import Indico: that alone costs
five seconds of processor time.
"""

import ast
import contextlib
import importlib.metadata
import json
import os
import signal
import sys
import time
import uuid

# Session-level advisory lock that serialises schema changes between units ("indico" in ASCII).
MIGRATION_LOCK = 0x696E6469636F
# Where the cache remembers which database its sessions belong to.
DATABASE_KEY = 'indico-operator/database'
MAX_ANONYMIZED_AT_ONCE = 50

# Where the StatsD exporter of this container takes what comes through syslog.
STATSD_ADDRESS = ('127.0.0.1', 9126)

class Failure(Exception):
    """An expected failure: a code for the charm, a sentence for the operator."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def read_config():
    """Execute indico.conf as Indico does, without importing Indico (ours assigns literal values only)."""
    path = os.environ['INDICO_CONFIG']
    values = {}
    with open(path, encoding='utf-8') as file:
        exec(compile(file.read(), path, 'exec'), {}, values)
    return values


@contextlib.contextmanager
def database(config):
    """Connect to the configured database with autocommit; no transaction outlives its statement."""
    import psycopg2
    try:
        connection = psycopg2.connect(config['SQLALCHEMY_DATABASE_URI'], connect_timeout=10,
                                      application_name='indico-operator')
    except psycopg2.OperationalError as error:
        raise Failure('database-unreachable', f'cannot connect to the database: {first_line(error)}') from error
    try:
        connection.autocommit = True
        yield connection.cursor()
    finally:
        connection.close()


def first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def rows(cursor, query, *arguments):
    cursor.execute(query, arguments)
    return cursor.fetchall()


# --- looking ---------------------------------------------------------------------------------------------------------

def indico_version():
    return importlib.metadata.version('indico')


def enabled_plugins(config):
    """Return entry points of the enabled plugins by name; a name without a distribution is a failure."""
    wanted = set(config.get('PLUGINS') or ())
    found = {point.name: point for point in importlib.metadata.entry_points(group='indico.plugins')}
    missing = sorted(wanted - set(found))
    if missing:
        raise Failure('plugin-missing', f"plugins that are enabled but not installed: {', '.join(missing)}")
    return {name: found[name] for name in sorted(wanted)}


def facts(request):
    points = importlib.metadata.entry_points(group='indico.plugins')
    return {'version': indico_version(), 'python': '.'.join(map(str, sys.version_info[:3])),
            'plugins': {point.name: point.dist.version for point in points}}


def revisions(directory):
    """Read an Alembic directory without running its scripts: {revision: set of the revisions it follows}."""
    graph = {}
    for name in sorted(os.listdir(directory)):
        if not name.endswith('.py') or name.startswith('_'):
            continue
        with open(os.path.join(directory, name), encoding='utf-8') as file:
            tree = ast.parse(file.read())
        values = {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                with contextlib.suppress(ValueError):
                    values[node.targets[0].id] = ast.literal_eval(node.value)
        if values.get('revision'):
            parents = values.get('down_revision') or ()
            graph[values['revision']] = {parents} if isinstance(parents, str) else set(parents)
    return graph


def package_directory(module):
    """Find a package's directory without importing it."""
    import importlib.util
    spec = importlib.util.find_spec(module.partition('.')[0])
    if spec is None or not spec.submodule_search_locations:
        raise Failure('package-missing', f'cannot find the Python package {module}')
    return list(spec.submodule_search_locations)[0]


def compare(current, graph):
    """Tell where revisions of a database stand against the revisions the code knows."""
    parents = set().union(*graph.values()) if graph else set()
    heads = sorted(set(graph) - parents)
    if not current:
        state = 'empty' if heads else 'current'
    elif sorted(current) == heads:
        state = 'current'
    elif all(revision in graph for revision in current):
        state = 'behind'
    else:
        state = 'unknown'
    return {'state': state, 'current': sorted(current), 'heads': heads}


def current_revisions(cursor, table):
    from psycopg2 import sql
    if rows(cursor, 'SELECT to_regclass(%s)', f'public.{table}')[0][0] is None:
        return []
    cursor.execute(sql.SQL('SELECT version_num FROM public.{}').format(sql.Identifier(table)))
    return [row[0] for row in cursor.fetchall()]


def database_identity(cursor):
    """Name this very set of tables: another cluster, a recreated or a restored database has another name.

    It holds the cluster's system identifier, the database's number and the number of the table of users: the last
    changes when a dump is restored over the old tables.
    """
    [(cluster, number, users)] = rows(
        cursor, 'SELECT (SELECT system_identifier FROM pg_control_system()), '
                "(SELECT oid FROM pg_database WHERE datname = current_database()), to_regclass('users.users')::oid")
    return f'{cluster}/{number}/{users or 0}'


def prepared(cursor):
    """Tell whether Indico's tables are there, and whether their first rows are.

    Indico notes the revision first, then makes all tables in one transaction, then all first rows in another: whoever
    is killed between leaves a database that says it is current and is not.
    """
    if rows(cursor, "SELECT to_regclass('users.users')")[0][0] is None:
        return False, False
    return True, bool(rows(cursor, 'SELECT 1 FROM users.users WHERE id = 0'))


def db_status(request):
    config = read_config()
    with database(config) as cursor:
        [(version, encoding)] = rows(
            cursor, "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
        extensions = {name for name, in rows(cursor, 'SELECT extname FROM pg_extension')}
        schema = schema_state(config, cursor)
        tell_operator(config, schema['state'])
        if schema['state'] == 'current':
            tell_statistics(config, cursor)
        return schema | {'version': indico_version(), 'server-version': version, 'encoding': encoding,
                         'missing-extensions': sorted({'pg_trgm', 'unaccent'} - extensions),
                         'identity': database_identity(cursor)}


def schema_state(config, cursor):
    """Tell how the tables of Indico and of its plugins stand to the code, and how the worst of them does."""
    core = compare(current_revisions(cursor, 'alembic_version'),
                   revisions(os.path.join(package_directory('indico'), 'migrations', 'versions')))
    has_tables, complete = prepared(cursor)
    if core['state'] == 'empty' and has_tables:
        core['state'] = 'unknown'
    elif core['state'] == 'current' and not complete:
        core['state'] = 'empty'
    plugins = {}
    for name, point in enabled_plugins(config).items():
        directory = os.path.join(package_directory(point.module), 'migrations')
        if os.path.isdir(directory):
            plugins[name] = compare(current_revisions(cursor, f'alembic_version_plugin_{name}'), revisions(directory))
    states = [core['state']] + ['behind' if p['state'] == 'empty' else p['state'] for p in plugins.values()]
    worst = next((s for s in ('unknown', 'empty', 'behind') if s in states), 'current')
    return {'state': worst, 'core': core, 'plugins': plugins}


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


def note_path(name):
    return os.path.join(os.path.dirname(os.environ['INDICO_CONFIG']), name)


def note(name):
    """Read a note beside indico.conf; one that is not there, or not whole, says nothing."""
    try:
        with open(note_path(name), encoding='utf-8') as file:
            values = json.load(file)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


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


def celery_check(request):
    """Wait for one heartbeat of this host's worker on the broker: a hung worker sends none, a busy one does."""
    import socket

    import redis
    config = read_config()
    timeout = float(request.get('timeout', 8))
    # As Celery names it: other units may have workers of their own on the same broker.
    name = request.get('worker', f'celery@{socket.gethostname()}')
    deadline = time.monotonic() + timeout
    try:
        broker = redis.Redis.from_url(config['CELERY_BROKER'], socket_timeout=timeout, socket_connect_timeout=3)
        channel = broker.pubsub(ignore_subscribe_messages=True)
        channel.subscribe('/0.celeryev/worker.heartbeat')
        while (left := deadline - time.monotonic()) > 0:
            message = channel.get_message(timeout=left)
            if message and (name is None or heartbeat_host(message['data']) == name):
                return {'worker': heartbeat_host(message['data'])}
    except redis.RedisError as error:
        raise Failure('broker-unreachable', f'cannot reach the broker: {first_line(error)}') from error
    raise Failure('no-heartbeat', f'no heartbeat of a Celery worker within {timeout:g} s')


def heartbeat_host(data):
    """Read who sent an event; events are JSON although tasks are pickled, and nothing here unpickles."""
    try:
        return json.loads(data).get('headers', {}).get('hostname')
    except (ValueError, AttributeError):
        return None


# --- sessions --------------------------------------------------------------------------------------------------------

def guard_sessions(request):
    """Drop every session when the cache was filled against another database; called before anything is served.

    A session holds no more than a user's number, and numbers are given again in a new database: without this, an old
    cookie is whoever has that number now.
    """
    config = read_config()
    if not config.get('REDIS_CACHE_URL'):
        return {'dropped': 0, 'changed': False}
    with database(config) as cursor:
        identity = database_identity(cursor)
        # At the very first start the charm looks at the database before the exporter listens, and not again for a while.
        # Whatever is wrong with the code that is compared, sessions are guarded all the same.
        try:
            tell_state(schema_state(config, cursor)['state'])
        except (Failure, OSError, ValueError, SyntaxError) as error:
            print(f'cannot tell the state of the schema: {first_line(error)}', file=sys.stderr)
        tell_statistics(config, cursor)
    cache = cache_client(config)
    known = cache.get(DATABASE_KEY)
    if known is not None and known.decode() == identity:
        return {'dropped': 0, 'changed': False, 'identity': identity}
    dropped = drop_cached(cache)
    cache.set(DATABASE_KEY, identity)
    tell('session_invalidations:1|c')
    return {'dropped': dropped, 'changed': True, 'identity': identity}


def invalidate_sessions(request):
    dropped = drop_cached(cache_client(read_config()))
    tell('session_invalidations:1|c')
    return {'dropped': dropped}


def tell(sample):
    """Tell the StatsD exporter, through syslog as nginx does; nobody may be there to hear it."""
    import socket
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
        try:
            teller.sendto(f'<14>indico-workload: indico_operator.{sample}'.encode(), STATSD_ADDRESS)
        except OSError as error:
            print(f'cannot tell the StatsD exporter {sample}: {error}', file=sys.stderr)


def cache_client(config):
    import redis
    client = redis.Redis.from_url(config['REDIS_CACHE_URL'], socket_timeout=5, socket_connect_timeout=3)
    try:
        client.ping()
    except redis.RedisError as error:
        raise Failure('cache-unreachable', f'cannot reach the cache: {first_line(error)}') from error
    return client


def drop_cached(cache):
    """Delete all that Indico keeps in the cache: sessions, and memoized answers that name users of the database."""
    dropped = 0
    batch = []
    for key in cache.scan_iter(match='indico_v*', count=1000):
        dropped += b'_flask-session/' in key
        batch.append(key)
        if len(batch) == 500:
            cache.unlink(*batch)
            batch = []
    if batch:
        cache.unlink(*batch)
    return dropped


# --- changing the schema ---------------------------------------------------------------------------------------------

@contextlib.contextmanager
def migration_lock(config):
    """Hold the advisory lock for as long as the body runs; a dead holder's lock goes with its connection."""
    with database(config) as cursor:
        deadline = time.monotonic() + 30
        while not rows(cursor, 'SELECT pg_try_advisory_lock(%s)', MIGRATION_LOCK)[0][0]:
            if time.monotonic() > deadline:
                raise Failure('locked', 'another unit is changing the database schema')
            time.sleep(0.5)
        yield


@contextlib.contextmanager
def application():
    """Run the body inside Indico's application, as its own commands do."""
    from indico.web.flask.app import make_app
    try:
        app = make_app()
    except Exception as error:
        import traceback
        traceback.print_exc()
        problem = without_secrets(f'{type(error).__name__}: {first_line(error)}')
        raise Failure('bad-config', f'Indico does not start with this configuration: {problem}') from error
    with app.app_context():
        yield app


def without_secrets(sentence):
    """Blot out whatever secret of the configuration a message of a library may quote."""
    config = read_config()
    for name in ('SECRET_KEY', 'SMTP_PASSWORD', 'CELERY_BROKER', 'REDIS_CACHE_URL', 'SQLALCHEMY_DATABASE_URI'):
        if config.get(name):
            sentence = sentence.replace(str(config[name]), '***')
    return sentence


# --- a new configuration ---------------------------------------------------------------------------------------------

def check_config(request):
    """Load the application with the configuration INDICO_CONFIG names, so that a bad one never reaches a worker."""
    with application():
        return {}


def reload(request):
    """Have uWSGI's workers replaced one at a time until all have read the present configuration.

    A touch while a reload runs is dropped by uWSGI, so the workers' start times tell, not the touch. With nothing to
    do it touches nothing.
    """
    config = read_config()
    changed = time.time() if request.get('after') == 'now' else os.stat(os.environ['INDICO_CONFIG']).st_ctime
    trigger = request['trigger']
    deadline = time.monotonic() + float(request.get('timeout', 180))
    touched = 0
    seen = None
    while True:
        workers = uwsgi_workers(config['TEMP_DIR'])
        # Start times are whole seconds: one in the very second of the change may be before it.
        stale = [w['id'] for w in workers if w['last_spawn'] <= changed or not w['accepting']]
        if not stale:
            return {'reloaded': bool(touched), 'workers': len(workers)}
        now = time.monotonic()
        if now > deadline:
            raise Failure('reload-timeout', f'{len(stale)} of {len(workers)} workers still have the old configuration')
        if (progress := [(w['pid'], w['accepting']) for w in workers]) != seen:
            seen, last_progress = progress, now
        if not touched or now - last_progress > 20:
            with open(trigger, 'a'):
                os.utime(trigger)
            touched, last_progress = touched + 1, now
        time.sleep(0.25)


def start_workers_anew(request):
    """Have uWSGI read its own configuration, and wait until every worker is a new one and serves."""
    directory = read_config()['TEMP_DIR']
    deadline = time.monotonic() + float(request.get('timeout', 120))
    statistics = uwsgi_statistics(directory)
    old = {worker['pid'] for worker in statistics['workers']}
    os.kill(statistics['pid'], signal.SIGHUP)
    while True:
        time.sleep(0.25)
        try:
            workers = uwsgi_workers(directory)
        except Failure:
            # Its socket is away while it starts anew.
            workers = []
        if workers and all(w['pid'] not in old and w['accepting'] for w in workers):
            return {'workers': len(workers)}
        if time.monotonic() > deadline:
            raise Failure('reload-timeout', "uWSGI's workers did not all come back")


def uwsgi_workers(directory):
    return [w for w in uwsgi_statistics(directory)['workers'] if w['status'] != 'cheap']


def uwsgi_statistics(directory):
    """Ask uWSGI's statistics socket; its directory is entered first, as the path of a socket must be short."""
    import socket
    os.chdir(directory)
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect('uwsgi-stats.sock')
            data = b''.join(iter(lambda: client.recv(65536), b''))
    except OSError as error:
        raise Failure('uwsgi-unreachable', f'cannot ask uWSGI about its workers: {error}') from error
    try:
        return json.loads(data)
    except ValueError as error:
        raise Failure('uwsgi-unreachable', f'uWSGI told of its workers in part only: {error}') from error


def db_prepare(request):
    config = read_config()
    with migration_lock(config):
        status = db_status({})
        if status['missing-extensions']:
            names = ' and '.join(status['missing-extensions'])
            raise Failure('extensions-missing', f'the database lacks the extensions {names}; create them as a superuser')
        if status['encoding'] != 'UTF8':
            raise Failure('encoding', f"the database's encoding is {status['encoding']}; Indico needs UTF8")
        if status['core']['state'] == 'current':
            return {'changed': False}
        if status['core']['state'] != 'empty':
            raise Failure('not-empty', 'the database is neither empty nor one of this Indico')
        with application() as app:
            from indico.core.db import db
            from indico.core.db.sqlalchemy.migration import migrate, prepare_db
            from indico.core.db.sqlalchemy.util.management import create_all_tables
            migrate.init_app(app, db, os.path.join(app.root_path, 'migrations'))
            with database(config) as cursor:
                has_tables, _ = prepared(cursor)
            if has_tables:
                create_all_tables(db)
            elif not prepare_db(verbose=False):
                raise Failure('prepare-failed', 'the database holds tables that are not of this Indico')
    return {'changed': True}


def db_upgrade(request):
    """Upgrade the schema after a backup, both under one lock; the request says where the backup goes, or nothing does."""
    config = read_config()
    try:
        reply = upgrade_under_lock(config, request)
    except Exception:
        tell('migrations:1|c|#outcome:failure')
        raise
    if reply['changed']:
        tell('migrations:1|c|#outcome:success')
    return reply


def upgrade_under_lock(config, request):
    with migration_lock(config):
        before = db_status({})
        if before['state'] == 'current':
            return {'changed': False}
        if before['state'] != 'behind':
            raise Failure('not-upgradable', f"the database is {before['state']}, not behind this Indico")
        backup, hint = None, ''
        if request.get('target'):
            import indico_backup
            made = indico_backup.create_backup({'target': request['target'], 'reason': 'before an upgrade', 'keep': 3})
            backup = made['name']
            hint = f'; backup {backup} in {made["place"]} is from before'
        # Indico's own command in a process of its own: it replaces parts of Alembic for plugins, once for all.
        for arguments in (['db', 'upgrade'], ['db', '--all-plugins', 'upgrade']):
            complaint = run_indico(*arguments)
            if complaint is not None:
                raise Failure('upgrade-failed', f"indico {' '.join(arguments)}: {complaint}{hint}")
        after = db_status({})
        if after['state'] != 'current':
            raise Failure('upgrade-failed', f"after the upgrade the database is {after['state']}{hint}")
    return {'changed': True, 'from': before['core']['current'], 'to': after['core']['current'], 'backup': backup}


def run_indico(*arguments):
    """Run a command of Indico that ends with this process, as the lock does that it works under; say what was wrong."""
    import ctypes
    import subprocess
    import tempfile
    indico = os.path.join(os.path.dirname(sys.executable), 'indico')
    with tempfile.TemporaryFile() as errors:
        done = subprocess.run([indico, *arguments], stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=errors,
                              preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
        errors.seek(0)
        said = errors.read().decode(errors='replace')
    sys.stderr.write(said)
    if not done.returncode:
        return None
    if done.returncode < 0:
        return f'ended by signal {-done.returncode}'
    lines = [line for line in said.splitlines() if line and not line.startswith((' ', '['))]
    reason = next((line for line in reversed(lines) if 'Error' in line or 'Exception' in line), '')
    step = next((line.partition('Running ')[2] for line in reversed(said.splitlines()) if 'Running upgrade' in line), '')
    where = f' in {step}' if step else ''
    return (without_secrets(reason) or f'failed with code {done.returncode}')[:160] + where[:80]


# --- customization ---------------------------------------------------------------------------------------------------

def customize(request):
    """Fetch the customization repository; the directory in use is replaced only by a complete one.

    Credentials in the URL go to git by its environment: arguments can be read by others, and a clone keeps its URL.
    """
    import shutil
    import subprocess
    from base64 import b64encode
    from urllib.parse import unquote, urlsplit, urlunsplit
    directory = read_config()['CUSTOMIZATION_DIR']
    parts = urlsplit(text(request, 'source'))
    place = urlunsplit(parts._replace(netloc=parts.netloc.rpartition('@')[2]))
    environment = os.environ | {'GIT_TERMINAL_PROMPT': '0'}
    if parts.username is not None and parts.scheme in ('http', 'https'):
        login = f'{unquote(parts.username)}:{unquote(parts.password or "")}'.encode()
        environment |= {'GIT_CONFIG_COUNT': '1', 'GIT_CONFIG_KEY_0': 'http.extraHeader',
                        'GIT_CONFIG_VALUE_0': f'Authorization: Basic {b64encode(login).decode()}'}
    elif parts.username is not None:
        place = urlunsplit(parts._replace(netloc=parts.netloc))
    fresh, old = f'{directory}.new', f'{directory}.old'
    shutil.rmtree(fresh, ignore_errors=True)
    with trusting(parts.path if parts.scheme in ('', 'file') else '') as trust:
        cloned = subprocess.run(['git', 'clone', '--quiet', '--depth', '1', '--', place, fresh], env=environment | trust,
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=240)
    said = (cloned.stdout + cloned.stderr).decode('utf-8', 'replace')
    print(said, file=sys.stderr, end='')
    if cloned.returncode:
        lines = [line for line in said.splitlines() if line.startswith(('fatal:', 'error:'))]
        # The first says what is wrong; what follows is advice, or what came of it.
        reason = lines[0].partition(': ')[2] if lines else f'it ended with code {cloned.returncode}'
        raise Failure('fetch-failed', f'git cannot fetch {place}: {without_secrets(reason)[:300]}')
    revision = git_revision(fresh)
    if revision == git_revision(directory):
        shutil.rmtree(fresh)
        return {'changed': False, 'revision': revision}
    shutil.rmtree(old, ignore_errors=True)
    if os.path.lexists(directory):
        os.rename(directory, old)
    os.rename(fresh, directory)
    shutil.rmtree(old, ignore_errors=True)
    return {'changed': True, 'revision': revision}


def drop_customization(request):
    """Leave an empty directory in the place of what was fetched; what came there by hand is not ours to remove."""
    import shutil
    directory = read_config()['CUSTOMIZATION_DIR']
    old = f'{directory}.old'
    shutil.rmtree(old, ignore_errors=True)
    # None at all is what is left by one that was killed between the two steps below.
    if os.path.lexists(directory) and not os.path.isdir(os.path.join(directory, '.git')):
        return {'changed': False}
    if os.path.lexists(directory):
        os.rename(directory, old)
    os.mkdir(directory)
    shutil.rmtree(old, ignore_errors=True)
    return {'changed': True}


@contextlib.contextmanager
def trusting(path):
    """Environment in which Git reads a local repository of another account: whoever set the option chose it."""
    import tempfile
    if not path:
        yield {}
        return
    with tempfile.NamedTemporaryFile('w', prefix='git-', suffix='.conf') as file:
        for place in (path, f'{path.rstrip("/")}/.git'):
            file.write(f'[safe]\n\tdirectory = {json.dumps(place)}\n')
        file.flush()
        # The process that reads that repository gets no other settings of ours.
        yield {'GIT_CONFIG_GLOBAL': file.name}


def install_plugins(request):
    """Install packages into a directory of their own, with what they need and Indico's environment lacks.

    What that environment has stays as it is: a package that wants another version of it is refused.
    """
    import shutil
    read_config()
    directory, packages = text(request, 'directory'), request.get('packages')
    if not isinstance(packages, list) or not all(isinstance(package, str) for package in packages):
        raise Failure('bad-request', 'packages must be a list of texts')
    fresh, old = f'{directory}.new', f'{directory}.old'
    shutil.rmtree(fresh, ignore_errors=True)
    names = []
    if packages:
        own = {point.name: point.version for point in importlib.metadata.distributions(
            path=[path for path in sys.path if path and not path.startswith(directory + '/')])}
        os.mkdir(fresh, 0o755)
        site = f'lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages'
        os.makedirs(os.path.join(fresh, site))
        os.symlink(site, os.path.join(fresh, 'site'))
        try:
            # Not with what they need: that names Indico, and Indico's own list contradicts itself once one of its
            # packages is another version than it says, which pip then refuses as a whole.
            run_pip(fresh, packages, own, '--no-deps')
            needed = missing_requirements(os.path.join(fresh, site), own)
            if needed:
                run_pip(fresh, needed, own)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
        found = importlib.metadata.distributions(path=[os.path.join(fresh, site)])
        names = sorted({point.name for one in found for point in one.entry_points if point.group == 'indico.plugins'})
    shutil.rmtree(old, ignore_errors=True)
    if os.path.lexists(directory):
        os.rename(directory, old)
    if packages:
        os.rename(fresh, directory)
    shutil.rmtree(old, ignore_errors=True)
    return {'plugins': names}


def run_pip(directory, packages, pins, *options):
    """Run pip; the packages are in a file, as arguments can be read by others and a URL may hold a token."""
    import subprocess
    constraints, requirements = f'{directory}/constraints.txt', f'{directory}/requirements.txt'
    write_private(constraints, ''.join(f'{name}=={pins[name]}\n' for name in sorted(pins)))
    write_private(requirements, ''.join(package + '\n' for package in packages))
    command = [sys.executable, '-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--quiet',
               '--no-warn-script-location', '--no-cache-dir', '--prefix', directory,
               '--constraint', constraints, '--requirement', requirements, *options]
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH'}
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, timeout=270)
    except subprocess.TimeoutExpired as error:
        raise Failure('install-failed', 'pip did not end within four and a half minutes') from error
    if done.returncode:
        raise Failure('install-failed', f'pip cannot install them: code {done.returncode}, see the log of this call')
    os.remove(requirements)


def missing_requirements(directory, own):
    """Tell what the packages in a directory need that is not there; refuse what is there in another version."""
    from pip._vendor.packaging.requirements import Requirement
    from pip._vendor.packaging.utils import canonicalize_name
    here = {canonicalize_name(name): version for name, version in own.items()}
    found = list(importlib.metadata.distributions(path=[directory]))
    here |= {canonicalize_name(one.name): one.version for one in found}
    missing = set()
    for one in found:
        for line in one.requires or ():
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({'extra': ''}):
                continue
            version = here.get(canonicalize_name(requirement.name))
            if version is None:
                missing.add(str(requirement))
            elif not requirement.specifier.contains(version, prereleases=True):
                raise Failure('install-failed', f'{one.name} {one.version} needs {requirement.name}'
                                                f'{requirement.specifier}, and this has {version}')
    return sorted(missing)


def write_private(path, content):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w', encoding='utf-8') as file:
        file.write(content)


def git_revision(directory):
    import subprocess
    if not os.path.isdir(os.path.join(directory, '.git')):
        return None
    done = subprocess.run(['git', '-C', directory, 'rev-parse', 'HEAD'], stdin=subprocess.DEVNULL, capture_output=True)
    return done.stdout.decode().strip() or None


# --- users -----------------------------------------------------------------------------------------------------------

def text(request, name, default=None):
    value = request.get(name, default)
    if not isinstance(value, str) or not value.strip():
        raise Failure('bad-request', f'{name} is required')
    return value.strip() if name != 'password' else value


def add_admin(request):
    email = text(request, 'email').lower()
    password = text(request, 'password')
    names = {'first_name': text(request, 'first-name', 'Indico'), 'last_name': text(request, 'last-name', 'Administrator'),
             'affiliation': (request.get('affiliation') or '').strip()}
    with application() as app, app.test_request_context():
        from indico.core.db import db
        from indico.modules.auth import Identity
        from indico.modules.users import User
        from indico.modules.users.operations import create_user
        from indico.util.passwords import validate_secure_password
        from indico.util.string import validate_email
        if not validate_email(email, check_dns=False):
            raise Failure('invalid-email', f'{email} is not a valid e-mail address')
        if problem := validate_secure_password('set-user-password', password, username=email):
            raise Failure('weak-password', str(problem))
        if User.query.filter(User.all_emails == email, ~User.is_deleted, ~User.is_pending).has_rows():
            raise Failure('exists', f'a user with the e-mail address {email} exists already')
        if Identity.query.filter_by(provider='indico', identifier=email).has_rows():
            raise Failure('exists', f'the user name {email} is taken')
        user = create_user(email, names, Identity(provider='indico', identifier=email, password=password))
        user.is_admin = True
        db.session.commit()
        return {'id': user.id, 'email': email, 'username': email}


def anonymize_user(request):
    emails = request.get('emails')
    if not isinstance(emails, list) or not emails or not all(isinstance(e, str) and e.strip() for e in emails):
        raise Failure('bad-request', 'emails must be a list of e-mail addresses')
    if len(emails) > MAX_ANONYMIZED_AT_ONCE:
        raise Failure('bad-request', f'at most {MAX_ANONYMIZED_AT_ONCE} e-mail addresses at once')
    results = {}
    with application() as app, app.test_request_context():
        from indico.core.db import db
        from indico.modules.users import User
        for email in dict.fromkeys(e.strip().lower() for e in emails):
            user = User.query.filter(User.all_emails == email, ~User.is_system).first()
            if user is None:
                results[email] = 'not-found'
                continue
            try:
                erase(user)
                db.session.commit()
                results[email] = 'anonymized'
            except Exception as error:
                db.session.rollback()
                print(f'cannot anonymize user {user.id}: {error!r}', file=sys.stderr)
                results[email] = f'failed: {type(error).__name__}'
    return {'results': results}


def erase(user):
    """Remove what identifies a person from the account and its registrations; the rows stay, so events stay whole."""
    from indico.core.db import db
    from indico.modules.events.registration.models.registrations import Registration
    from indico.modules.users.models.users import ProfilePictureSource
    for registration in Registration.query.filter_by(user_id=user.id):
        erase_registration(registration)
    for collection in ('identities', 'favorite_users', 'favorite_categories', 'secondary_emails'):
        getattr(user, collection).clear()
    for key in ('api_key', 'old_api_keys', 'personal_tokens', 'oauth_app_links'):
        value = getattr(user, key, None)
        if value is not None:
            for item in ([value] if isinstance(value, db.Model) else list(value)):
                db.session.delete(item)
    user.first_name, user.last_name = 'Anonymized', uuid.uuid4().hex[:12]
    user.email = f'{uuid.uuid4().hex}@anonymized.invalid'
    user.phone = user.address = user.affiliation = ''
    user.affiliation_id = None
    user.picture = user.picture_metadata = None
    user.picture_source = ProfilePictureSource.standard
    user.signing_secret = str(uuid.uuid4())
    user.is_admin = False
    user.is_deleted = True
    user.settings.delete_all()
    db.session.flush()


def erase_registration(registration):
    from indico.modules.events.registration.models.form_fields import RegistrationFormField
    email = f'{uuid.uuid4().hex}@anonymized.invalid'
    for number, data in registration.data_by_field.items():
        kind = RegistrationFormField.get(number).input_type
        if kind in ('text', 'textarea'):
            data.data = 'Anonymized'
        elif kind == 'email':
            data.data = email
        elif kind == 'phone':
            data.data = ''
    registration.first_name, registration.last_name = 'Anonymized', uuid.uuid4().hex[:12]
    registration.email = email
    registration.user = None


# --- running ---------------------------------------------------------------------------------------------------------

class Lease:
    """The right to schedule, held by one process at a time and for a short term.

    Which unit runs the scheduler is elected, but a unit that was cut off does not learn that another was. The lease is
    in the broker, where tasks go: who cannot reach it can schedule nothing. It is given for `TERM` seconds from when the
    broker gets the question, and used for `MARGIN` less from before it was asked, by a clock that counts sleep too.
    """

    TERM = 30.0
    MARGIN = 10.0

    def __init__(self, take, clock):
        """`take(seconds)` asks the broker and says whether it is ours; it fails when the broker cannot be reached."""
        self.take, self.clock = take, clock
        self.until = None

    def renew(self):
        asked = self.clock()
        held = self.take(self.TERM)
        self.until = asked + self.TERM - self.MARGIN if held else None
        return held

    def is_held(self):
        return self.until is not None and self.clock() < self.until


LEASE_KEY = 'indico-operator/beat-lease'
# One's own is taken again at once, by a scheduler that was killed and started anew.
TAKE_LEASE = """
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
DROP_LEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


def hold_lease(config):
    """Wait for the right to schedule, keep it from then on, and end this process when it is lost."""
    import atexit
    import threading

    import redis
    broker = redis.Redis.from_url(config['CELERY_BROKER'], socket_timeout=5, socket_connect_timeout=5)
    token = own_token(config['TEMP_DIR'])
    lease = Lease(lambda term: bool(broker.eval(TAKE_LEASE, 1, LEASE_KEY, token, int(term * 1000))),
                  lambda: time.clock_gettime(time.CLOCK_BOOTTIME))
    told = None
    while True:
        try:
            if lease.renew():
                break
            problem = 'another unit schedules'
        except redis.RedisError as error:
            problem = f'the broker cannot be reached: {first_line(error)}'
        if problem != told:
            print(f'waiting for the right to schedule: {problem}', file=sys.stderr, flush=True)
            told = problem
        time.sleep(2)

    def drop():
        with contextlib.suppress(redis.RedisError):
            broker.eval(DROP_LEASE, 1, LEASE_KEY, token)

    def keep():
        while True:
            time.sleep(4)
            with contextlib.suppress(redis.RedisError):
                lease.renew()
            check()

    def check():
        if not lease.is_held():
            print('the right to schedule was lost: ending', file=sys.stderr, flush=True)
            os._exit(1)

    atexit.register(drop)
    threading.Thread(target=keep, daemon=True).start()
    # Looked at before each task as well: this process may have been stopped for longer than the term.
    from celery.beat import Scheduler
    send = Scheduler.apply_async

    def apply_async(*arguments, **options):
        check()
        return send(*arguments, **options)
    Scheduler.apply_async = apply_async


def own_token(directory):
    """A name for this container: another one in its place, under the same host name, has another."""
    path = os.path.join(directory, 'beat-token')
    with contextlib.suppress(FileNotFoundError):
        with open(path, encoding='utf-8') as file:
            if token := file.read().strip():
                return token
    token = uuid.uuid4().hex
    with open(path + '.new', 'w', encoding='utf-8') as file:
        file.write(token)
    os.rename(path + '.new', path)
    return token


def beat():
    """Become Celery's scheduler once no other one is, on a fresh schedule.

    A killed scheduler can leave its schedule file damaged: it then runs but schedules nothing, until the file is gone.
    The file only remembers when each task ran last, so it is made anew at each start.
    """
    config = read_config()
    hold_lease(config)
    directory = config['TEMP_DIR']
    schedule = os.path.join(directory, 'celerybeat-schedule')
    for name in os.listdir(directory):
        if name.startswith('celerybeat-schedule'):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(directory, name))
    become('celery', 'beat', '--schedule', schedule, '--pidfile=')


def worker(options):
    """Become Celery's worker, one that finishes the tasks it has begun when it is told to stop.

    Pebble sends SIGTERM to the whole process group. Celery's main process then takes no more tasks and waits for those
    under way, but its children would die of it with a task in hand, which is lost: it was taken off the queue. Deaf to
    it, they end when the main process says so; should that be killed, the kernel kills them too.
    """
    import signal

    from celery.signals import worker_process_init
    worker_process_init.connect(lambda **_: signal.signal(signal.SIGTERM, signal.SIG_IGN), weak=False)
    become('celery', 'worker', *options)


def become(*arguments):
    """Run a command of Indico as this process, and end with it at once.

    Python would take apart the thousands of modules first: seconds of processor time in which whoever stops the
    service waits.
    """
    import atexit
    import runpy
    import threading
    threading.Thread(target=outlive_reader, daemon=True).start()
    indico = os.path.join(os.path.dirname(sys.executable), 'indico')
    sys.argv = [indico, *arguments]
    # As when Python is given a script: modules are found beside that, not beside this file.
    sys.path[0] = os.path.dirname(indico)
    code = 1
    try:
        runpy.run_path(indico, run_name='__main__')
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback
        traceback.print_exc()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def outlive_reader():
    """Write to nowhere once nobody reads what this process says: its Pebble was killed, and the next one ends it.

    Celery says that it shuts down before it does, in its signal handler: on a broken pipe that fails, and it goes on as
    if it had never been asked.
    """
    import select
    poll = select.poll()
    poll.register(2, 0)
    poll.poll()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


VERBS = {
    'facts': facts, 'db-status': db_status, 'db-prepare': db_prepare, 'db-upgrade': db_upgrade,
    'guard-sessions': guard_sessions, 'invalidate-sessions': invalidate_sessions, 'celery-check': celery_check,
    'customize': customize, 'drop-customization': drop_customization, 'install-plugins': install_plugins,
    'check-config': check_config, 'reload': reload, 'start-workers-anew': start_workers_anew,
    'add-admin': add_admin, 'anonymize-user': anonymize_user,
}
# Those of indico_backup.py, which lies beside this file.
BACKUP_VERBS = ('create-backup', 'list-backups', 'verify-backup', 'restore-backup', 'finish-restore', 'backup-check')


def verb(name):
    if name not in BACKUP_VERBS:
        return VERBS[name]
    import indico_backup
    return indico_backup.VERBS[name]


def main(arguments):
    if arguments == ['celery', 'beat']:
        beat()
    if arguments[:2] == ['celery', 'worker']:
        worker(arguments[2:])
    if len(arguments) == 2 and arguments[0] == 'backup-timer':
        import indico_backup
        indico_backup.run_timer(arguments[1])
    # The reply alone goes to standard output; libraries and child processes print to standard error instead.
    reply_file = os.fdopen(os.dup(1), 'w', encoding='utf-8')
    os.dup2(2, 1)
    try:
        if len(arguments) != 1 or arguments[0] not in (*VERBS, *BACKUP_VERBS):
            raise Failure('usage', f"usage: indico_workload.py {'|'.join((*VERBS, *BACKUP_VERBS))} < request.json")
        body = '' if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
        try:
            request = json.loads(body or '{}')
        except ValueError as error:
            raise Failure('bad-request', f'the request is not JSON: {error}') from error
        if not isinstance(request, dict):
            raise Failure('bad-request', 'the request is not a JSON object')
        reply = {'ok': True} | verb(arguments[0])(request)
    except Failure as failure:
        reply = {'ok': False, 'error': failure.code, 'message': str(failure)}
    except Exception as error:
        # The trace goes to the log of this call; the charm gets a sentence without values in it.
        import traceback
        traceback.print_exc()
        reply = {'ok': False, 'error': 'internal', 'message': f'{arguments[0]} failed: {type(error).__name__}'}
    json.dump(reply, reply_file, sort_keys=True)
    reply_file.write('\n')
    reply_file.flush()
    return 0 if reply['ok'] else 1


if __name__ == '__main__':
    # indico_backup.py shall find this very module, with the same class of failures.
    sys.modules['indico_workload'] = sys.modules['__main__']
    sys.exit(main(sys.argv[1:]))
