# SPDX-License-Identifier: Apache-2.0
"""Makes a backup of what an Indico of somebody else's left: a dump of its database, and its files.

    python3 indico_import.py --dump indico.dump --archive archive.tar --to DIRECTORY

The dump is pg_dump's custom format; the files are a tar archive, or the directory itself. DIRECTORY is where the operator keeps
backups: the action restore-backup then verifies it as any other, and upgrades the schema where it is behind. It prints the
backup's name. Takes pg_restore, of the dump's version or newer.
"""

import argparse
import contextlib
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

from indico_backup import COUNTED, Summing, describe, free_name, pack, program
from indico_backup_places import DATABASE, FORMAT, MANIFEST, Directory
from indico_common import Failure

FILES = 'files-default.tar'


def listing(dump):
    """The dump's own list of what it holds."""
    done = subprocess.run([program('pg_restore'), '--list', dump], stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        raise Failure('bad-dump', f"pg_restore cannot read {dump}: {done.stderr.decode(errors='replace').strip()}; "
                                  'it must be made with pg_dump --format=custom')
    return done.stdout.decode(errors='replace')


def content(dump, schema, table):
    """The rows of a table, as lines of COPY, without a server."""
    command = [program('pg_restore'), '--data-only', f'--schema={schema}', f'--table={table}', '--file', '-', dump]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as restore:
        inside = False
        for line in restore.stdout:
            if inside and line == b'\\.\n':
                inside = False
            elif inside:
                yield line.rstrip(b'\n').decode(errors='replace')
            inside = inside or line.startswith(b'COPY ')
    if restore.returncode:
        raise Failure('bad-dump', f'pg_restore cannot read {schema}.{table} from {dump}')


def facts(dump):
    """What a manifest says of a database: its server, its schema's revisions, how many rows there are."""
    told = listing(dump)
    tables = re.findall(r'^\d+; \d+ \d+ TABLE DATA (\S+) (\S+) ', told, re.MULTILINE)
    if ('users', 'users') not in tables or ('public', 'alembic_version') not in tables:
        raise Failure('bad-dump', f'{dump} is no dump of an Indico: it has no users, or no version of its schema')
    found = {}
    for _, table in tables:
        match = re.fullmatch(r'alembic_version(?:_plugin_(\w+))?', table)
        if match:
            found[match[1] or ''] = sorted(line.split('\t')[0] for line in content(dump, 'public', table))
    counts = {f'{schema}.{table}': sum(1 for _ in content(dump, schema, table))
              for schema, table in tables if f'{schema}.{table}' in COUNTED}
    version = re.search(r'Dumped from database version: (\d+)\.(\d+)', told)
    return {'revisions': {name: value for name, value in found.items() if value}, 'counts': counts,
            'server-version': int(version[1]) * 10000 + int(version[2]) if version else 0}


def repack(archive, path):
    """Files and directories of a tar archive, under names as a backup has them; what else it holds is no file of Indico's."""
    with tarfile.open(archive, 'r') as source, open(path, 'wb') as file:
        summing, left_out = Summing(file), []
        with tarfile.open(fileobj=summing, mode='w|', format=tarfile.PAX_FORMAT) as target:
            for member in source:
                member.name = os.path.normpath(member.name)
                if member.name == '.':
                    continue
                if os.path.isabs(member.name) or member.name.split('/')[0] == '..':
                    raise Failure('bad-archive', f'{archive} holds {member.name!r}, which is not below it')
                if member.isdir() or member.isreg():
                    target.addfile(member, source.extractfile(member) if member.isreg() else None)
                else:
                    left_out.append(member.name)
    if left_out:
        print(f"left out, as it is no file: {', '.join(left_out[:10])}", file=sys.stderr)
    return {'size': summing.size, 'sha256': summing.sum.hexdigest()}


def make(dump, archive, target):
    found = facts(dump)
    name = free_name(target)
    with target.writing(name) as staging:
        shutil.copyfile(dump, os.path.join(staging, DATABASE))
        files = {DATABASE: describe(os.path.join(staging, DATABASE))}
        if archive:
            keep = pack if os.path.isdir(archive) else repack
            files[FILES] = keep(archive, os.path.join(staging, FILES))
        manifest = found | {
            'format': FORMAT, 'name': name, 'reason': 'from another installation', 'indico': 'another installation',
            'created': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'), 'files': files,
            'elsewhere': {}, 'seconds': 0,
        }
        with open(os.path.join(staging, MANIFEST), 'w', encoding='utf-8') as file:
            json.dump(manifest, file, sort_keys=True, indent=1)
        # Whoever keeps backups there reads them.
        owner = os.stat(target.path)
        for path in (staging, *(os.path.join(staging, file) for file in os.listdir(staging))):
            with contextlib.suppress(PermissionError):
                os.chown(path, owner.st_uid, owner.st_gid)
    return manifest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--dump', required=True, help='of the database, by pg_dump --format=custom')
    parser.add_argument('--archive', help='the files, as a tar archive or the directory; without it there are none')
    parser.add_argument('--to', required=True, help='where the operator keeps backups')
    options = parser.parse_args()
    os.umask(0o077)
    try:
        manifest = make(options.dump, options.archive, Directory(options.to))
    except Failure as failure:
        sys.exit(f'indico_import: {failure}')
    except (OSError, tarfile.TarError) as error:
        sys.exit(f'indico_import: {error}')
    told = ', '.join(f"{count} {table.split('.')[1]}" for table, count in sorted(manifest['counts'].items()))
    print(f'found {told}', file=sys.stderr)
    print(manifest['name'])


if __name__ == '__main__':
    main()
