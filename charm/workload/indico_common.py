# SPDX-License-Identifier: Apache-2.0
"""What every module of the charm beside Indico needs: the configuration, the database, failures and notes.

Nothing here imports Indico: that alone costs five seconds of processor time.
"""

import contextlib
import importlib.metadata
import json
import os


class Failure(Exception):
    """An expected failure: a code for the charm, a sentence for the operator."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def read_config():
    """Execute indico.conf as Indico does, without importing Indico (ours assigns literal values only)."""
    path = os.environ['INDICO_CONFIG']
    values = {}
    with open(path, encoding='utf-8') as file:
        exec(compile(file.read(), path, 'exec'), {}, values)
    return values


def without_secrets(sentence):
    """Blot out whatever secret of the configuration a message of a library may quote."""
    config = read_config()
    for name in ('SECRET_KEY', 'SMTP_PASSWORD', 'CELERY_BROKER', 'REDIS_CACHE_URL', 'SQLALCHEMY_DATABASE_URI'):
        if config.get(name):
            sentence = sentence.replace(str(config[name]), '***')
    return sentence


def text(request, name, default=None):
    value = request.get(name, default)
    if not isinstance(value, str) or not value.strip():
        raise Failure('bad-request', f'{name} is required')
    return value.strip() if name != 'password' else value


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


def rows(cursor, query, *arguments):
    cursor.execute(query, arguments)
    return cursor.fetchall()


def database_identity(cursor):
    """Name this very set of tables: another cluster, a recreated or a restored database has another name.

    It holds the cluster's system identifier, the database's number and the number of the table of users: the last
    changes when a dump is restored over the old tables.
    """
    [(cluster, number, users)] = rows(
        cursor, 'SELECT (SELECT system_identifier FROM pg_control_system()), '
                "(SELECT oid FROM pg_database WHERE datname = current_database()), to_regclass('users.users')::oid")
    return f'{cluster}/{number}/{users or 0}'


def indico_version():
    return importlib.metadata.version('indico')


def package_directory(module):
    """Find a package's directory without importing it."""
    import importlib.util
    spec = importlib.util.find_spec(module.partition('.')[0])
    if spec is None or not spec.submodule_search_locations:
        raise Failure('package-missing', f'cannot find the Python package {module}')
    return list(spec.submodule_search_locations)[0]


def enabled_plugins(config):
    """Return entry points of the enabled plugins by name; a name without a distribution is a failure."""
    wanted = set(config.get('PLUGINS') or ())
    found = {point.name: point for point in importlib.metadata.entry_points(group='indico.plugins')}
    missing = sorted(wanted - set(found))
    if missing:
        raise Failure('plugin-missing', f"plugins that are enabled but not installed: {', '.join(missing)}")
    return {name: found[name] for name in sorted(wanted)}


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


def cache_client(config):
    import redis
    client = redis.Redis.from_url(config['REDIS_CACHE_URL'], socket_timeout=5, socket_connect_timeout=3)
    try:
        client.ping()
    except redis.RedisError as error:
        raise Failure('cache-unreachable', f'cannot reach the cache: {first_line(error)}') from error
    return client
