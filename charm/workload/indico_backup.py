# SPDX-License-Identifier: Apache-2.0
"""Backups of Indico: its database and its files, to a directory or an S3 bucket, and back.

A backup is a directory named after its time, or as many objects below such a prefix:

    database.dump       pg_dump's custom format, of one snapshot
    files-NAME.tar      each storage backend that is a directory, unless only the database was asked for
    manifest.json       what it holds, with sizes and SHA-256 sums; written last: without it there is no backup

Files are read after the database's snapshot: one that is referred to is there, as Indico never removes any at once.

A restore verifies the backup, unpacks the files beside those in use, replaces the database in one transaction that
counts its rows before it commits, then exchanges the files by renaming. Whatever ends it before the commit changes
nothing; what ends it after is finished by `finish-restore`.
"""

import contextlib
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

from indico_workload import (MIGRATION_LOCK, Failure, compare, current_revisions, database, database_identity,
                             enabled_plugins, first_line, indico_version, migration_lock, note_path,
                             package_directory, read_config, revisions, rows, text)

FORMAT = 1
MANIFEST = 'manifest.json'
DATABASE = 'database.dump'
# What a restore unpacks beside the files in use, on the same file system.
RESTORE_DIRECTORY = '.restore'
# Session-level advisory lock: one backup or restore at a time.
BACKUP_LOCK = MIGRATION_LOCK + 1
# Rows that are counted in the snapshot and again in what was restored.
COUNTED = ('users.users', 'events.events', 'categories.categories', 'attachments.files', 'events.contributions',
           'event_registration.registrations')
NAME = re.compile(r'\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ')
CHUNK = 1 << 20


# --- places ----------------------------------------------------------------------------------------------------------

class Directory:
    """Backups as directories; one that is not whole has a name that is not one of a backup."""

    def __init__(self, path):
        self.path = path
        if not os.path.isdir(path):
            raise Failure('no-place', f'there is no directory for backups at {path}')

    def describe(self):
        return self.path

    def names(self):
        return sorted(n for n in os.listdir(self.path)
                      if NAME.fullmatch(n) and os.path.isfile(os.path.join(self.path, n, MANIFEST)))

    def manifest(self, name):
        with open(os.path.join(self.path, name, MANIFEST), encoding='utf-8') as file:
            return json.load(file)

    @contextlib.contextmanager
    def writing(self, name):
        self.clear_unfinished()
        staging = os.path.join(self.path, f'.unfinished-{name}')
        os.mkdir(staging, 0o700)
        try:
            yield staging
            sync(staging)
            os.rename(staging, os.path.join(self.path, name))
            sync(self.path)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise

    def clear_unfinished(self):
        for name in os.listdir(self.path):
            if name.startswith('.unfinished-'):
                shutil.rmtree(os.path.join(self.path, name), ignore_errors=True)

    @contextlib.contextmanager
    def reading(self, name):
        yield os.path.join(self.path, name)

    def remove(self, name):
        # It stops being a backup before its parts go.
        going = os.path.join(self.path, f'.unfinished-{name}')
        os.rename(os.path.join(self.path, name), going)
        shutil.rmtree(going)


class Bucket:
    """Backups as objects; the manifest is written last and removed first."""

    def __init__(self, request):
        try:
            import boto3
            from botocore.client import Config
        except ImportError as error:
            raise Failure('no-boto3', 'backups to S3 need the Python package boto3 beside Indico') from error
        self.bucket = text(request, 'bucket')
        self.prefix = (request.get('path') or '').strip('/')
        self.client = boto3.client(
            's3', endpoint_url=request.get('endpoint') or None, region_name=request.get('region') or None,
            aws_access_key_id=text(request, 'access-key'), aws_secret_access_key=text(request, 'secret-key'),
            verify=self.authority(request.get('authority')),
            config=Config(s3={'addressing_style': 'path' if request.get('path-style', True) else 'virtual'},
                          connect_timeout=10, read_timeout=120, retries={'max_attempts': 4, 'mode': 'standard'}))

    def authority(self, chain):
        """Put the certificates that sign the server's into a file, as the library wants them; it goes with us."""
        if not chain:
            return None
        self.certificates = tempfile.NamedTemporaryFile('w', suffix='.pem')
        self.certificates.write(chain)
        self.certificates.flush()
        return self.certificates.name

    def describe(self):
        return f's3://{self.bucket}/{self.prefix}'

    def key(self, *parts):
        return '/'.join(filter(None, (self.prefix, *parts)))

    @contextlib.contextmanager
    def telling(self, action):
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError
        try:
            yield
        except (BotoCoreError, Boto3Error, ClientError) as error:
            raise Failure('s3', f'cannot {action} {self.describe()}: {first_line(error)}') from error

    def names(self):
        found = []
        with self.telling('list'):
            pages = self.client.get_paginator('list_objects_v2').paginate(Bucket=self.bucket, Prefix=self.key(''))
            for page in pages:
                for entry in page.get('Contents', ()):
                    name, _, file = entry['Key'].removeprefix(self.key('') and self.key('') + '/').partition('/')
                    if file == MANIFEST and NAME.fullmatch(name):
                        found.append(name)
        return sorted(found)

    def manifest(self, name):
        with self.telling('read from'):
            reply = self.client.get_object(Bucket=self.bucket, Key=self.key(name, MANIFEST))
            return json.load(reply['Body'])

    @contextlib.contextmanager
    def writing(self, name):
        with tempfile.TemporaryDirectory(prefix='backup-', dir=read_config()['TEMP_DIR']) as staging:
            yield staging
            with self.telling('write to'):
                for file in sorted(os.listdir(staging), key=lambda n: (n == MANIFEST, n)):
                    self.client.upload_file(os.path.join(staging, file), self.bucket, self.key(name, file))

    @contextlib.contextmanager
    def reading(self, name):
        with tempfile.TemporaryDirectory(prefix='restore-', dir=read_config()['TEMP_DIR']) as directory:
            with self.telling('read from'):
                for file in [MANIFEST, *checked_names(self.manifest(name))]:
                    self.client.download_file(self.bucket, self.key(name, file), os.path.join(directory, file))
            yield directory

    def remove(self, name):
        with self.telling('remove from'):
            files = list(checked_names(self.manifest(name)))
            for file in [MANIFEST, *files]:
                self.client.delete_object(Bucket=self.bucket, Key=self.key(name, file))


def place(request):
    """Where backups are kept: a bucket when one is told, else a directory."""
    target = request.get('target')
    if not isinstance(target, dict):
        raise Failure('bad-request', 'target is required')
    return Bucket(target) if target.get('bucket') else Directory(text(target, 'directory'))


def sync(directory):
    """Have all that was written in a directory on the disk before a name says that it is there."""
    for path in [os.path.join(directory, n) for n in os.listdir(directory)] + [directory]:
        if os.path.isdir(path) and path != directory:
            continue
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


# --- making one ------------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def backup_lock(config):
    with database(config) as cursor:
        if not rows(cursor, 'SELECT pg_try_advisory_lock(%s)', BACKUP_LOCK)[0][0]:
            raise Failure('locked', 'another backup or restore is under way')
        yield


def program(name):
    """The newest of PostgreSQL's programs here: it must not be older than the server."""
    found = shutil.which(name)
    versions = '/usr/lib/postgresql'
    numbers = os.listdir(versions) if os.path.isdir(versions) else []
    for number in sorted((n for n in numbers if n.isdigit()), key=int, reverse=True):
        path = f'{versions}/{number}/bin/{name}'
        if os.access(path, os.X_OK):
            return path
    if found:
        return found
    raise Failure('no-program', f'{name} is not here: install the PostgreSQL client programs')


def bounded(name):
    """Run a program that does not outlive this process: the lock that protects its work would be gone."""
    import ctypes
    import signal
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def run_program(name, *arguments, **options):
    done = subprocess.run([program(name), *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          preexec_fn=lambda: bounded(name), **options)
    complaint = done.stderr.decode(errors='replace').strip()
    if complaint:
        print(complaint, file=sys.stderr)
    if done.returncode:
        raise Failure('program-failed', f'{name}: {last_complaint(complaint) or done.returncode}')
    return done


def last_complaint(output):
    lines = [line for line in output.splitlines() if 'error:' in line or 'ERROR:' in line]
    return (lines or output.splitlines() or [''])[0].strip()


def backends(config):
    """The storage backends that are directories here, and the description of those that are not."""
    here, elsewhere = {}, {}
    for name, description in sorted((config.get('STORAGE_BACKENDS') or {}).items()):
        kind, _, data = description.partition(':')
        if kind in ('fs', 'fs-readonly'):
            here[name] = data
        else:
            elsewhere[name] = kind
    return here, elsewhere


def create_backup(request):
    # People's data: for nobody else.
    os.umask(0o077)
    config = read_config()
    target = place(request)
    with backup_lock(config):
        manifest = make(config, target, request.get('reason') or 'asked for', request.get('files', True))
        if request.get('files', True):
            # How old the newest whole one is is told from this note, at each look at the database.
            note_outcome(note_path('last-backup.json'), {'name': manifest['name'], 'at': time.time(),
                                                         'size': summary(manifest).get('size', 0)})
        removed = prune(target, request)
    return summary(manifest) | {'place': target.describe(), 'removed': removed}


def make(config, target, reason, with_files=True):
    name = free_name(target)
    here, elsewhere = backends(config) if with_files else ({}, {})
    check_room(target, here)
    started = time.monotonic()
    with target.writing(name) as staging:
        with database(config) as cursor:
            cursor.execute('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY')
            [(snapshot, version)] = rows(
                cursor, "SELECT pg_export_snapshot(), current_setting('server_version_num')::int")
            counts = count(cursor)
            found = all_revisions(cursor, config)
            dump = os.path.join(staging, DATABASE)
            run_program('pg_dump', '--format=custom', '--no-owner', '--no-privileges', f'--snapshot={snapshot}',
                        '--file', dump, '--dbname', config['SQLALCHEMY_DATABASE_URI'])
        files = {DATABASE: describe(dump)}
        for backend, path in here.items():
            file = f'files-{backend}.tar'
            files[file] = pack(path, os.path.join(staging, file))
        manifest = {
            'format': FORMAT, 'name': name, 'reason': reason, 'indico': indico_version(), 'server-version': version,
            'created': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
            'revisions': found, 'counts': counts, 'files': files, 'elsewhere': elsewhere,
            'seconds': round(time.monotonic() - started, 1),
        }
        with open(os.path.join(staging, MANIFEST), 'w', encoding='utf-8') as file:
            json.dump(manifest, file, sort_keys=True, indent=1)
    return manifest


def free_name(target):
    taken = set(target.names())
    while True:
        name = time.strftime('%Y-%m-%dT%H-%M-%SZ', time.gmtime())
        if name not in taken:
            return name
        time.sleep(0.2)


def check_room(target, here):
    if not isinstance(target, Directory):
        return
    needed = sum(os.lstat(os.path.join(directory, file)).st_size
                 for path in here.values() for directory, _, files in os.walk(path) for file in files)
    free = shutil.disk_usage(target.path).free
    if free < needed * 1.05 + (64 << 20):
        raise Failure('no-room', f'{target.path} has {free >> 20} MB left and the files alone take {needed >> 20} MB')


def count(cursor):
    counts = {}
    for table in COUNTED:
        if rows(cursor, 'SELECT to_regclass(%s)', table)[0][0] is not None:
            counts[table] = rows(cursor, f'SELECT count(*) FROM {table}')[0][0]
    return counts


def all_revisions(cursor, config):
    found = {'': current_revisions(cursor, 'alembic_version')}
    for name in enabled_plugins(config):
        found[name] = current_revisions(cursor, f'alembic_version_plugin_{name}')
    return {name: sorted(value) for name, value in found.items() if value}


class Summing:
    """A file that is summed and counted while it is written."""

    def __init__(self, file):
        self.file, self.sum, self.size = file, hashlib.sha256(), 0

    def write(self, data):
        self.sum.update(data)
        self.size += len(data)
        return self.file.write(data)


def pack(path, archive):
    with open(archive, 'wb') as file:
        summing = Summing(file)
        with tarfile.open(fileobj=summing, mode='w|', format=tarfile.PAX_FORMAT, bufsize=CHUNK) as tar:
            for name in sorted(os.listdir(path)):
                if name not in (RESTORE_DIRECTORY, 'lost+found'):
                    tar.add(os.path.join(path, name), name)
    return {'size': summing.size, 'sha256': summing.sum.hexdigest()}


def describe(path):
    total = hashlib.sha256()
    with open(path, 'rb') as file:
        while data := file.read(CHUNK):
            total.update(data)
    return {'size': os.path.getsize(path), 'sha256': total.hexdigest()}


def summary(manifest):
    return {'name': manifest['name'], 'created': manifest['created'], 'reason': manifest['reason'],
            'indico': manifest['indico'], 'size': sum(f['size'] for f in manifest['files'].values()),
            'counts': manifest['counts'], 'elsewhere': sorted(manifest.get('elsewhere', {}))}


def prune(target, request):
    """Remove the oldest backups of the same reason beyond those to be kept; one that was asked for stays."""
    keep = request.get('keep')
    if not isinstance(keep, int) or keep < 1:
        return []
    own = [name for name in target.names() if target.manifest(name).get('reason') == request.get('reason')]
    going = own[:-keep]
    for name in going:
        target.remove(name)
    return going


def list_backups(request):
    target = place(request)
    found = []
    for name in target.names():
        try:
            found.append(summary(target.manifest(name)))
        except (ValueError, KeyError, TypeError, OSError) as error:
            found.append({'name': name, 'problem': f'its manifest cannot be read: {type(error).__name__}'})
    return {'backups': found, 'place': target.describe()}


# --- looking at one --------------------------------------------------------------------------------------------------

def chosen(target, request):
    name = text(request, 'name')
    if not NAME.fullmatch(name):
        raise Failure('bad-request', f'{name} is not the name of a backup, such as 2026-01-31T03-00-00Z')
    if name not in target.names():
        raise Failure('not-found', f'there is no backup {name} in {target.describe()}')
    return name


def checked_names(manifest):
    """The files of a backup; a manifest that was tampered with leads nowhere else."""
    files = manifest.get('files')
    if manifest.get('format') != FORMAT or not isinstance(files, dict) or DATABASE not in files:
        raise Failure('bad-backup', 'this backup is of a format this operator does not know')
    for file in files:
        if file != DATABASE and not re.fullmatch(r'files-[A-Za-z0-9_.-]+\.tar', file):
            raise Failure('bad-backup', f'the manifest names a file that is none of a backup: {file!r}')
    return files


def verify(directory, config):
    """Refuse a backup that is not what its manifest says, or not one this Indico can use."""
    try:
        with open(os.path.join(directory, MANIFEST), encoding='utf-8') as file:
            manifest = json.load(file)
        for name, wanted in checked_names(manifest).items():
            path = os.path.join(directory, name)
            if not os.path.isfile(path):
                raise Failure('bad-backup', f'{name} is missing')
            if describe(path) != {'size': wanted['size'], 'sha256': wanted['sha256']}:
                raise Failure('bad-backup', f'{name} is not what was backed up: its checksum differs')
        found = dict(manifest['revisions'])
        {str(k): int(v) for k, v in manifest['counts'].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure('bad-backup', f'the manifest cannot be read: {type(error).__name__}') from error
    known = {'': revisions(os.path.join(package_directory('indico'), 'migrations', 'versions'))}
    for name, point in enabled_plugins(config).items():
        migrations = os.path.join(package_directory(point.module), 'migrations')
        known[name] = revisions(migrations) if os.path.isdir(migrations) else {}
    for name, current in found.items():
        if name in known and compare(current, known[name])['state'] == 'unknown':
            what = f'the plugin {name}' if name else 'Indico'
            raise Failure('too-new', f"the backup is of a newer {what} ({manifest['indico']}) than this "
                                     f'({indico_version()})')
    return manifest


def verify_backup(request):
    config = read_config()
    target = place(request)
    with target.reading(chosen(target, request)) as directory:
        return summary(verify(directory, config))


# --- bringing one back -----------------------------------------------------------------------------------------------

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


# --- by the clock ----------------------------------------------------------------------------------------------------

def run_timer(path):
    """Make a backup at each moment of the schedule, until told to stop; the first reply tells that it waits."""
    import signal
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        with open(path, encoding='utf-8') as file:
            settings = json.load(file)
        if settings['hour'] is None:
            sys.exit(0)
        due = next_moment(settings['hour'], settings['minute'], datetime.datetime.now(datetime.timezone.utc))
        print(f'the next backup is due at {due.isoformat()}', flush=True)
        while (left := (due - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) > 0:
            # Short naps: a clock that is set must not delay a night's backup to the next.
            time.sleep(min(left, 30))
        outcome = timed_backup(settings)
        print(json.dumps(outcome), flush=True)
        note_outcome(settings['outcome'], outcome)


def next_moment(hour, minute, now):
    due = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return due if due > now else due + datetime.timedelta(days=1)


def timed_backup(settings):
    attempts = 3
    for attempt in range(attempts):
        try:
            return {'ok': True, 'at': time.time()} | create_backup(settings['request'])
        except Failure as failure:
            outcome = {'ok': False, 'at': time.time(), 'error': failure.code, 'message': str(failure)}
        except Exception as error:
            import traceback
            traceback.print_exc()
            outcome = {'ok': False, 'at': time.time(), 'error': 'internal', 'message': type(error).__name__}
        if attempt + 1 < attempts:
            time.sleep(60 * (attempt + 1))
    return outcome


def note_outcome(path, outcome):
    with open(path + '.new', 'w', encoding='utf-8') as file:
        json.dump(outcome, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + '.new', path)


def backup_check(request):
    """Fail when the last backup by the clock failed, or none was made for longer than two days."""
    directory = os.path.dirname(os.environ['INDICO_CONFIG'])
    try:
        with open(os.path.join(directory, 'backup.json'), encoding='utf-8') as file:
            if json.load(file)['hour'] is None:
                return {'last': None}
        with open(os.path.join(directory, 'backup-outcome.json'), encoding='utf-8') as file:
            outcome = json.load(file)
    except FileNotFoundError:
        return {'last': None}
    if not outcome.get('ok'):
        raise Failure('backup-failed', f"the last backup failed: {outcome.get('message')}")
    if time.time() - outcome['at'] > 2 * 86400:
        raise Failure('backup-overdue', f"the last backup, {outcome['name']}, is older than two days")
    return {'last': outcome['name']}


VERBS = {
    'create-backup': create_backup, 'list-backups': list_backups, 'verify-backup': verify_backup,
    'restore-backup': restore_backup, 'finish-restore': finish_restore, 'backup-check': backup_check,
}
