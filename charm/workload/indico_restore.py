# SPDX-License-Identifier: Apache-2.0
"""A backup brought back: verified, its files unpacked beside those in use, the database replaced in one transaction.

Whatever ends it before the commit changes nothing; what ends it after is finished by `finish-restore`.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

from indico_backup import (COUNTED, RESTORE_DIRECTORY, backends, backup_lock, bounded, last_complaint, program, run_program,
                           summary, verify)
from indico_backup_places import DATABASE, chosen, place
from indico_common import Failure, database, database_identity, read_config, rows
from indico_schema import migration_lock


def restore_backup(request):
    config = read_config()
    target = place(request)
    name = chosen(target, request)
    with backup_lock(config), migration_lock(config):
        finish(config)
        with target.reading(name) as directory:
            manifest = verify(directory, config)
            here, _ = backends(config)
            wanted = {b: os.path.join(directory, f'files-{b}.tar') for b in here
                      if f'files-{b}.tar' in manifest['files']}
            missing = sorted(f for f in manifest['files'] if f != DATABASE and f[6:-4] not in here)
            if missing:
                raise Failure('bad-backup', f"the backup has files for storage that is not here: {', '.join(missing)}")
            with database(config) as cursor:
                before = database_identity(cursor)
            try:
                for backend, archive in wanted.items():
                    unpack(archive, here[backend], before)
                replace_database(config, os.path.join(directory, DATABASE), manifest)
            except BaseException:
                # The database says whether it was replaced; what is left is done accordingly.
                finish(config)
                raise
            finish(config)
    with contextlib.suppress(Failure), database(config) as cursor:
        cursor.execute('ANALYZE')
    return summary(manifest) | {'from': before}


def finish_restore(request):
    config = read_config()
    with backup_lock(config):
        return {'finished': finish(config)}


def unpack(archive, path, identity):
    """Unpack the files beside those in use, with a note of the database they must not be used with."""
    staging = os.path.join(path, RESTORE_DIRECTORY)
    if shutil.disk_usage(path).free < os.path.getsize(archive) * 1.05 + (64 << 20):
        raise Failure('no-room', f'{path} has no room for the restored files beside those in use')
    shutil.rmtree(staging, ignore_errors=True)
    os.makedirs(os.path.join(staging, 'old'), 0o700)
    fresh = os.path.join(staging, 'new')
    os.mkdir(fresh, 0o700)
    with tarfile.open(archive, 'r') as tar:
        for member in tar:
            # Only what a backup holds, and only below.
            inside = os.path.normpath(member.name)
            if os.path.isabs(inside) or inside.split('/')[0] == '..' or not (member.isreg() or member.isdir()):
                raise Failure('bad-backup', f'the archive holds what is no file of Indico: {member.name!r}')
            member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), '', ''
            tar.extract(member, fresh, set_attrs=True, numeric_owner=True)
    note(staging, {'phase': 'unpacked', 'identity': identity})


def note(staging, content):
    path = os.path.join(staging, 'journal.json')
    with open(path + '.new', 'w', encoding='utf-8') as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + '.new', path)
    handle = os.open(staging, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def finish(config):
    """Bring the files to where the database is: exchange them when it was replaced, else forget the new ones."""
    here, _ = backends(config)
    pending = {path: os.path.join(path, RESTORE_DIRECTORY) for path in here.values()
               if os.path.isdir(os.path.join(path, RESTORE_DIRECTORY))}
    if not pending:
        return []
    with database(config) as cursor:
        identity = database_identity(cursor)
    done = []
    for path, staging in pending.items():
        try:
            with open(os.path.join(staging, 'journal.json'), encoding='utf-8') as file:
                journal = json.load(file)
        except (OSError, ValueError):
            # Not all was unpacked, so nothing was replaced.
            shutil.rmtree(staging)
            continue
        if journal['phase'] == 'unpacked':
            if journal['identity'] == identity:
                shutil.rmtree(staging)
                continue
            note(staging, {'phase': 'out'})
            journal = {'phase': 'out'}
        if journal['phase'] == 'out':
            move_all(path, os.path.join(staging, 'old'))
            note(staging, {'phase': 'in'})
        move_all(os.path.join(staging, 'new'), path)
        # Removed last and at once: from here on nothing is pending.
        os.rename(os.path.join(staging, 'journal.json'), os.path.join(staging, 'old', '.journal'))
        shutil.rmtree(staging)
        done.append(path)
    return done


def move_all(source, target):
    for name in sorted(os.listdir(source)):
        if name not in (RESTORE_DIRECTORY, 'lost+found'):
            os.rename(os.path.join(source, name), os.path.join(target, name))
    for directory in (source, target):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def replace_database(config, dump, manifest):
    """Drop what is Indico's and restore the dump, in one transaction that is committed when the rows are all there.

    Extensions stay: they may belong to a superuser.
    """
    uri = config['SQLALCHEMY_DATABASE_URI']
    with tempfile.TemporaryDirectory(prefix='restore-', dir=config['TEMP_DIR']) as scratch:
        listing = run_program('pg_restore', '--list', dump, stdout=subprocess.PIPE).stdout.decode()
        chosen_entries = os.path.join(scratch, 'entries')
        with open(chosen_entries, 'w', encoding='utf-8') as file:
            file.writelines(line + '\n' for line in listing.splitlines() if belongs(line))
        with database(config) as cursor:
            begin = 'BEGIN;\nSET LOCAL lock_timeout = \'60s\';\nSET LOCAL client_min_messages = warning;\n' \
                + ''.join(f'{s};\n' for s in dropping(cursor))
        with open(os.path.join(scratch, 'complaints'), 'w+b') as complaints:
            psql = subprocess.Popen(
                [program('psql'), '--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1', '--output', os.devnull,
                 '--dbname', uri], stdin=subprocess.PIPE, stderr=complaints, preexec_fn=lambda: bounded('psql'))
            restored = None
            try:
                with contextlib.suppress(BrokenPipeError):
                    psql.stdin.write(begin.encode())
                    psql.stdin.flush()
                    restored = subprocess.run(
                        [program('pg_restore'), '--no-owner', '--no-privileges', '--use-list', chosen_entries,
                         '--file', '-', dump], stdin=subprocess.DEVNULL, stdout=psql.stdin, stderr=complaints,
                        preexec_fn=lambda: bounded('pg_restore'))
                    if restored.returncode == 0:
                        psql.stdin.write((verification(manifest) + 'COMMIT;\n').encode())
                # Without COMMIT, the end of what it reads undoes all of it.
                with contextlib.suppress(BrokenPipeError):
                    psql.stdin.close()
            finally:
                code = psql.wait()
            complaints.seek(0)
            said = complaints.read().decode(errors='replace')
        if code or restored is None or restored.returncode:
            print(said, file=sys.stderr)
            raise Failure('restore-failed', f'the database was left as it was: {last_complaint(said)}')


def belongs(entry):
    """Whether an entry of a dump's list is to be restored."""
    if entry.startswith(';') or not entry.strip():
        return False
    kind = re.sub(r'^\d+; \d+ \d+ ', '', entry)
    return not kind.startswith(('EXTENSION ', 'COMMENT - EXTENSION', 'SCHEMA - public', 'COMMENT - SCHEMA public',
                                'ACL ', 'DEFAULT ACL'))


def dropping(cursor):
    """Statements that drop all schemas but those of extensions, and what is in `public` but not of an extension."""
    statements = [f'DROP SCHEMA {name} CASCADE' for name, in rows(
        cursor, "SELECT quote_ident(nspname) FROM pg_namespace n WHERE nspname !~ '^pg_' "
                "AND nspname NOT IN ('information_schema', 'public') "
                'AND NOT EXISTS (SELECT 1 FROM pg_extension e WHERE e.extnamespace = n.oid)')]
    own = ("AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = {0}.oid AND d.deptype = 'e') "
           "AND {1} = 'public'::regnamespace")
    kinds = {'r': 'TABLE', 'p': 'TABLE', 'v': 'VIEW', 'm': 'MATERIALIZED VIEW', 'S': 'SEQUENCE', 'f': 'FOREIGN TABLE'}
    for name, kind in rows(cursor, "SELECT c.oid::regclass::text, c.relkind::text FROM pg_class c "
                                   "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') "
                                   + own.format('c', 'c.relnamespace')):
        statements.append(f'DROP {kinds[kind]} IF EXISTS public.{name.removeprefix("public.")} CASCADE')
    for name, in rows(cursor, 'SELECT p.oid::regprocedure::text FROM pg_proc p WHERE true '
                              + own.format('p', 'p.pronamespace')):
        statements.append(f'DROP ROUTINE IF EXISTS public.{name.removeprefix("public.")} CASCADE')
    for name, in rows(cursor, "SELECT t.oid::regtype::text FROM pg_type t WHERE t.typtype IN ('e', 'd') "
                              + own.format('t', 't.typnamespace')):
        statements.append(f'DROP TYPE IF EXISTS public.{name.removeprefix("public.")} CASCADE')
    return statements


def verification(manifest):
    """A statement that fails unless each counted table has as many rows as were backed up."""
    checks = []
    for table, wanted in sorted(manifest['counts'].items()):
        if table in COUNTED:
            checks.append(f"  IF (SELECT count(*) FROM {table}) <> {int(wanted)} THEN "
                          f"RAISE EXCEPTION '{table} does not have {int(wanted)} rows'; END IF;")
    for name, wanted in sorted(manifest['revisions'].items()):
        table = 'alembic_version' + (f'_plugin_{name}' if name else '')
        if not re.fullmatch(r'[a-z0-9_]+', table) or not all(re.fullmatch(r'[0-9a-f]+', r) for r in wanted):
            raise Failure('bad-backup', 'the manifest names revisions that are none')
        listed = ', '.join(f"'{r}'" for r in wanted)
        checks.append(f'  IF (SELECT count(*) FROM public.{table} WHERE version_num IN ({listed})) <> {len(wanted)} '
                      f"THEN RAISE EXCEPTION '{table} is not at its revision'; END IF;")
    return 'DO $verify$ BEGIN\n' + '\n'.join(checks) + '\nEND $verify$;\n'
