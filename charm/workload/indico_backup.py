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
import shutil
import subprocess
import sys
import tarfile
import time

from indico_backup_places import DATABASE, FORMAT, MANIFEST, Directory, checked_names, chosen, place
from indico_common import (Failure, database, enabled_plugins, indico_version, note_path, package_directory, read_config,
                           rows)
from indico_schema import MIGRATION_LOCK, compare, current_revisions, revisions

# What a restore unpacks beside the files in use, on the same file system.
RESTORE_DIRECTORY = '.restore'
# Session-level advisory lock: one backup or restore at a time.
BACKUP_LOCK = MIGRATION_LOCK + 1
# Rows that are counted in the snapshot and again in what was restored.
COUNTED = ('users.users', 'events.events', 'categories.categories', 'attachments.files', 'events.contributions',
           'event_registration.registrations')
CHUNK = 1 << 20

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
