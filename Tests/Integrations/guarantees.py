# SPDX-License-Identifier: Apache-2.0
"""What the operator promises of sessions and of tasks, with the real servers: each step is a proof."""
import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests
from browser import Browser
from installation import ADMINISTRATOR, PASSWORD, ensure, eventually
from providers import MailServer

sys.path.append(str(Path(__file__).resolve().parents[2] / 'bench'))
import changes

SITE = 'http://127.0.0.1:8080'
EXTENSIONS = ('pg_trgm', 'unaccent')


class Guarantees:
    def __init__(self, journey):
        self.journey = journey
        self.indico = journey.indico
        self.place = changes.Installation(str(self.indico.state))

    # --- sessions ---

    def visitor(self):
        browser = Browser(SITE)
        # Each worker that began with another database ends at the first request that shows it.
        eventually('all workers answer', lambda: all(browser.get('/').status_code == 200 for _ in range(12)))
        browser.log_in(ADMINISTRATOR, PASSWORD)
        return browser

    def survive(self):
        """A session survives new settings, new workers, and a new start of everything"""
        visitor = self.visitor()
        me = visitor.me()['id']
        self.indico.run('config', 'indico_support_email=somebody@example.com')
        self.indico.settle()
        ensure(visitor.me()['id'] == me, 'not the new settings')
        self.indico.run('config', 'workers=3')
        self.indico.settle()
        ensure(visitor.me()['id'] == me, 'not the new workers')
        self.indico.run('down')
        self.indico.run('up')
        ensure(visitor.me()['id'] == me, 'not the new start')
        self.indico.run('config', 'workers=2')
        self.indico.settle()

    def database_restarted(self):
        """PostgreSQL is started anew under load, and whoever comes once it is there meets no dead connection"""
        with Watch(self.visitor()) as watch:
            eventually('answers', lambda: len(watch.seen) > 20)
            before = self.postgres('SELECT pg_postmaster_start_time()')
            server = int((self.indico.state / 'local/postgresql/data/postmaster.pid').read_text().split()[0])
            # As its administrator has it end: at once, and in order.
            os.kill(server, signal.SIGINT)
            eventually('PostgreSQL is back', lambda: self.postgres('SELECT pg_postmaster_start_time()') not in ('', before))
            begin = len(watch.seen) + 8
            eventually('answers', lambda: len(watch.seen) > begin + 40)
        late = watch.seen[begin:]
        ensure(all(status == 200 and '"id"' in text for status, text in late), f'{late[:3]}')

    def exchanged(self):
        """A database that takes another's place under workers that serve: no answer in the name of the old session"""
        visitor = self.visitor()
        with Watch(visitor) as watch:
            eventually('answers', lambda: any('"id"' in text for _, text in watch.seen))
            seen = self.exchange('indico', 'the_other')
            eventually('answers', lambda: len([s for s, _ in watch.seen[seen(watch):] if s == 200]) > 40, within=120)
        self.nobody(watch.seen[seen(watch):])
        self.indico.settle()
        ensure(visitor.me() is None, 'the old session lives on')
        self.visitor()

    def made_anew(self):
        """A database made anew under the old cache: the administrator's number is another's, the old cookie nobody's"""
        visitor = self.visitor()
        old = visitor.me()
        self.keep_cache()
        with Watch(visitor) as watch:
            eventually('answers', lambda: any('"id"' in text for _, text in watch.seen))
            self.postgres('DROP DATABASE indico WITH (FORCE)')
            begin = len(watch.seen) + 3
            self.postgres('CREATE DATABASE indico OWNER indico')
            for name in EXTENSIONS:
                self.postgres(f'CREATE EXTENSION {name}', 'indico')
            self.postgres('GRANT ALL ON SCHEMA public TO indico', 'indico')
            eventually('the new database is prepared', lambda: self.prepared(), within=900)
            self.indico.settle()
            self.indico.make_administrator()
            eventually('answers', lambda: len([s for s, _ in watch.seen[begin:] if s == 200]) > 40, within=300)
        self.nobody(watch.seen[begin:])
        new = self.visitor().me()
        ensure(new['id'] == old['id'], f'the new administrator has the number {new["id"]}: nothing is shown by this')
        ensure(visitor.me() is None, 'the old session lives on')
        self.old = visitor

    def prepared(self):
        return self.postgres("SELECT to_regclass('users.users') IS NOT NULL", 'indico') == 't' and self.postgres(
            'SELECT count(*) FROM users.users WHERE id = 0', 'indico') == '1'

    def other_cache(self):
        """Another Redis, in which sessions of the old database lie: refused from the first request on"""
        with Watch(self.old) as watch:
            self.redis.take_over_alone()
            self.indico.settle()
            eventually('answers', lambda: len(watch.seen) > 60)
        self.nobody(watch.seen)
        port = f'{self.redis.port}'
        ensure(port in (self.indico.state / 'root/srv/indico/etc/indico.conf').read_text(), 'it is not in use')
        settings = self.place.settings()
        del settings['external']['redis-cache']
        self.place.write_settings(settings)
        self.place.run('up')
        self.indico.settle()
        self.redis.__exit__()

    def keep_cache(self):
        """Copies the cache, with its sessions, into a Redis of its own."""
        directory = self.journey.scratch / 'redis'
        directory.mkdir()
        self.redis = Copy(self.place, 'redis-cache', str(directory))
        self.redis.__enter__()
        self.redis.ask(self.redis.port, 'REPLICAOF NO ONE')

    def exchange(self, name, other):
        """Puts a copy in a database's place; gives where the answers after it begin."""
        self.postgres(f'ALTER DATABASE {name} ALLOW_CONNECTIONS false')
        self.postgres(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        self.postgres(f'CREATE DATABASE {other} TEMPLATE {name} OWNER indico')
        self.postgres(f'ALTER DATABASE {name} RENAME TO before')
        moment = time.monotonic()
        self.postgres(f'ALTER DATABASE {other} RENAME TO {name}')
        self.postgres('DROP DATABASE before')
        return lambda watch: next(i for i, at in enumerate(watch.begun) if at > moment)

    @staticmethod
    def nobody(answers):
        named = [answer for answer in answers if answer[0] == 200 and '"id"' in answer[1]]
        ensure(not named, f'{len(named)} of {len(answers)} answers are in the name of somebody: {named[:2]}')

    def postgres(self, statement, database='postgres'):
        """Asks as the server's own account, which alone may make and drop."""
        directory = self.indico.state / 'local/postgresql'
        port = self.place.settings()['ports']['postgresql']
        owner = directory.owner()
        command = ['psql', '--no-psqlrc', '-qAt', '-h', str(directory / 'run'), '-p', str(port), '-U', owner, '-d', database, '-c', statement]
        done = subprocess.run(['runuser', '-u', owner, '--', *command] if Path('/proc/self').owner() != owner else command,
                              capture_output=True, text=True, cwd='/')
        return done.stdout.strip() if done.returncode == 0 else ''

    # --- tasks ---

    def tasks(self):
        """Tasks under way when a setting changes are finished, each is done once, and none is lost"""
        server = SlowMail(self.journey.authority)
        self.indico.run('integrate', 'smtp', '--host', 'localhost', '--port', server.port, '--security', 'none')
        self.indico.settle()
        code, said = self.indico.python(TASKS, str(self.indico.state / 'root/srv/indico/etc/indico.conf'), str(COUNT))
        ensure(code == 0, said)
        changed = 0
        for value in ('a', 'b', 'c'):
            begun = len(server.begun)
            eventually('tasks are under way', lambda: len(server.begun) > begun and len(server.begun) > len(server.mails))
            before = self.workers()
            self.indico.run('config', f'indico_support_email={value}@example.com')
            eventually('another worker', lambda: self.workers() and not self.workers() & before, within=300)
            changed += len(server.begun) < COUNT
        eventually('all mails', lambda: len(server.mails) >= COUNT, within=300)
        self.indico.settle()
        for what, subjects in (('begun', server.begun), ('taken', [number(mail['text']) for mail in server.mails])):
            ensure(sorted(subjects) == list(range(COUNT)), f'{what}: {sorted(subjects)}')
        print(f'    {COUNT} tasks, {changed + 1} workers one after the other', flush=True)

    def workers(self):
        """The processes of Celery's worker that take tasks on."""
        found = set()
        for process in Path('/proc').glob('[0-9]*'):
            try:
                words = (process / 'cmdline').read_bytes().split(b'\0')
            except OSError:
                continue
            if b'celery' in words and b'worker' in words and str(self.indico.state).encode() in b' '.join(words):
                found.add(process.name)
        return found

    STEPS = ['survive', 'database_restarted', 'exchanged', 'tasks', 'made_anew', 'other_cache']


COUNT = 24
TASKS = """
import os, sys
os.environ['INDICO_CONFIG'] = sys.argv[1]
from indico.web.flask.app import make_app
app = make_app()
with app.app_context():
    from indico.core.emails import send_email_task
    from indico.core.notifications import make_email
    for number in range(int(sys.argv[2])):
        mail = make_email('somebody@example.com', subject=f'task {number}.', body='done')
        mail.setdefault('from', 'no-reply@example.com')
        send_email_task.delay(mail)
"""


def number(text):
    return int(re.search(r'task (\d+)\.', text)[1])


class SlowMail(MailServer):
    """Takes seconds for each mail; what it was given before the connection ended counts as begun."""

    def __init__(self, authority):
        self.begun = []
        super().__init__('none', authority)

    async def handle_DATA(self, server, session, envelope):
        self.begun.append(number(envelope.content.decode()))
        await asyncio.sleep(4)
        return await super().handle_DATA(server, session, envelope)


class Copy(changes.Replica):
    """A Redis with what is in the installation's."""

    def take_over_alone(self):
        self.place.run('up', f'--{self.name}-file', '-', said=f'redis://:{self.password}@127.0.0.1:{self.port}')

    def __exit__(self, *_):
        super().__exit__()
        shutil.rmtree(self.directory, ignore_errors=True)


class Watch:
    """Asks again and again who a visitor is, with the cookie of the beginning."""

    def __init__(self, visitor):
        self.cookies = {cookie.name: cookie.value for cookie in visitor.session.cookies}
        self.seen, self.begun, self.ended = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.ask) for _ in range(2)]

    def ask(self):
        while not self.ended.is_set():
            began = time.monotonic()
            try:
                answer = requests.get(f'{SITE}/api/user/', cookies=self.cookies, timeout=60)
                told = answer.status_code, answer.text[:200]
            except requests.RequestException as error:
                told = 0, str(error)[:200]
            self.begun.append(began)
            self.seen.append(told)
            time.sleep(0.05)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
