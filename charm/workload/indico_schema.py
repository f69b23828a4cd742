# SPDX-License-Identifier: Apache-2.0
"""How the database's tables stand to the code, and bringing them there.

Looking does not import Indico: the revisions are read out of its scripts.
"""

import ast
import contextlib
import importlib.metadata
import os
import signal
import sys
import time

from indico_common import (Failure, database, database_identity, enabled_plugins, first_line, indico_version,
                           package_directory, read_config, rows, without_secrets)
from indico_telling import tell, tell_operator, tell_statistics

# Session-level advisory lock that serialises schema changes between units ("indico" in ASCII).
MIGRATION_LOCK = 0x696E6469636F

def facts(request):
    points = importlib.metadata.entry_points(group='indico.plugins')
    return {'version': indico_version(), 'python': '.'.join(map(str, sys.version_info[:3])),
            'plugins': {point.name: point.dist.version for point in points}}


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


def prepared(cursor):
    """Tell whether Indico's tables are there, and whether their first rows are.

    Indico notes the revision first, then makes all tables in one transaction, then all first rows in another: whoever
    is killed between leaves a database that says it is current and is not.
    """
    if rows(cursor, "SELECT to_regclass('users.users')")[0][0] is None:
        return False, False
    return True, bool(rows(cursor, 'SELECT 1 FROM users.users WHERE id = 0'))


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
