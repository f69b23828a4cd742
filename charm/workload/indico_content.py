# SPDX-License-Identifier: Apache-2.0
"""What operators add to Indico: the customization, fetched with Git, and plugins, installed by pip."""

import contextlib
import importlib.metadata
import json
import os
import sys

from indico_common import Failure, read_config, text, without_secrets


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


def git_revision(directory):
    import subprocess
    if not os.path.isdir(os.path.join(directory, '.git')):
        return None
    done = subprocess.run(['git', '-C', directory, 'rev-parse', 'HEAD'], stdin=subprocess.DEVNULL, capture_output=True)
    return done.stdout.decode().strip() or None


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
