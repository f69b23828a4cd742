#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes another version of Indico from the real one, and the requirements that install it: for tests of `refresh`.

    scripts/other_indico.py KIND REQUIREMENTS DIRECTORY

REQUIREMENTS is the list of pinned packages; its Indico is fetched with pip, changed, and put into DIRECTORY as a wheel of
a version of its own beside a list that names it. What is printed is the path of that list. KIND is one of

    next        a revision more in the schema, and nothing wrong
    failing     a revision that changes the schema and then fails
    unusable    a revision more, and a log-in page that fails
    unloadable  an application that cannot be loaded
    before      the real release before 3.2.9, 3.2.8, with what its own metadata pin otherwise; nothing is changed
"""
import base64
import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

BEFORE = {'indico': '3.2.8', 'cryptography': '41.0.4', 'Jinja2': '3.1.2', 'pillow': '10.0.1', 'Werkzeug': '2.3.4'}
HEAD = 'aba7935f9226'
MIGRATION = f'''"""A revision that exists in a test only."""

from alembic import op

revision = '0123456789ab'
down_revision = '{HEAD}'
branch_labels = None
depends_on = None


def upgrade():
    op.execute('CREATE TABLE events.of_a_test (id int)')
    op.execute('UPDATE events.events SET title = title')
FAIL

def downgrade():
    op.execute('DROP TABLE events.of_a_test')
'''


def changed(kind, files):
    """Change the files of the wheel, given and returned as {name: content}."""
    if kind != 'unloadable':
        failure = "    op.execute('SELECT 1 / 0')\n" if kind == 'failing' else ''
        files['indico/migrations/versions/20990101_0000_0123456789ab_of_a_test.py'] = \
            MIGRATION.replace('FAIL\n', failure).encode()
    if kind == 'unusable':
        name = 'indico/modules/auth/controllers.py'
        text = files[name].decode()
        assert text.count('class RHLogin(RH):') == 1
        files[name] = text.replace('class RHLogin(RH):', 'class RHLogin(RH):\n    def _process_args(self):\n'
                                   '        raise RuntimeError("this Indico is broken on purpose")\n\n'
                                   'class RHNobody(RH):').encode()
    if kind == 'unloadable':
        files['indico/web/flask/app.py'] += b'\nraise RuntimeError("this Indico is broken on purpose")\n'
    return files


def main(kind, requirements, directory):
    pins = Path(requirements).read_text()
    version = re.search(r'^indico==(\S+)$', pins, re.MULTILINE).group(1)
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    listed = directory / f'{kind}.txt'
    if kind == 'before':
        for name, pinned in BEFORE.items():
            pins, count = re.subn(rf'^{name}==\S+$', f'{name}=={pinned}', pins, flags=re.MULTILINE)
            assert count == 1, name
        listed.write_text(pins)
        print(listed)
        return
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([sys.executable, '-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps',
                        '--dest', scratch, f'indico=={version}'], check=True, stdout=sys.stderr)
        [wheel] = Path(scratch).glob('*.whl')
        with zipfile.ZipFile(wheel) as archive:
            files = {name: archive.read(name) for name in archive.namelist() if not name.endswith('/')}
    own = f'{version}+{kind}'
    info, new = f'indico-{version}.dist-info/', f'indico-{own}.dist-info/'
    files = changed(kind, {name.replace(info, new, 1): content for name, content in files.items()
                           if name != info + 'RECORD'})
    files[new + 'METADATA'] = files[new + 'METADATA'].replace(f'Version: {version}'.encode(), f'Version: {own}'.encode(), 1)
    record = ''.join(f'{name},sha256={digest(content)},{len(content)}\n' for name, content in sorted(files.items()))
    path = directory / f'indico-{own}-py3-none-any.whl'
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(name, content)
        archive.writestr(new + 'RECORD', record + f'{new}RECORD,,\n')
    listed.write_text(pins.replace(f'indico=={version}\n', f'indico @ {path.resolve().as_uri()}\n'))
    print(listed)


def digest(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()


if __name__ == '__main__':
    if len(sys.argv) != 4 or sys.argv[1] not in ('next', 'failing', 'unusable', 'unloadable', 'before'):
        sys.exit(__doc__)
    main(*sys.argv[1:])
