# SPDX-License-Identifier: Apache-2.0
"""Where backups are kept: in a directory, or as objects in an S3 bucket; what a backup's parts are called."""

import contextlib
import json
import os
import re
import shutil
import tempfile

from indico_common import Failure, first_line, read_config, text

FORMAT = 1
MANIFEST = 'manifest.json'
DATABASE = 'database.dump'
NAME = re.compile(r'\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ')

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
