# SPDX-License-Identifier: Apache-2.0
"""Attacks on the files API. Only for a daemon in a cage: it removes what it is told to."""
import json
import os
import socket
import subprocess
import sys
import threading
import time

from cases import case, expect, expect_refused
from target import judge, request

BOUNDARY = '0123456789abcdef0123456789abcdef'


def body_of(reply):
    return json.loads(reply[1].split(b'\r\n\r\n', 1)[1])


def change_files(daemon, body, timeout=60):
    return daemon.post('/v1/files', json.dumps(body).encode(), timeout, [('Content-Type', 'application/json')])


def write(daemon, files, timeout=60, **fields):
    """Files as {path: content}."""
    metadata = {'action': 'write', 'files': [{'path': path, **fields} for path in files]}
    parts = [b'Content-Disposition: form-data; name="request"\r\nContent-Type: application/json\r\n\r\n'
             + json.dumps(metadata).encode()]
    parts += [b'Content-Disposition: form-data; name="files"; filename="%s"\r\n\r\n' % path.encode() + content
              for path, content in files.items()]
    return send_multipart(daemon, parts, timeout)


def send_multipart(daemon, parts, timeout=60):
    body = b''.join(b'--%s\r\n%s\r\n' % (BOUNDARY.encode(), part) for part in parts) + b'--%s--\r\n' % BOUNDARY.encode()
    return daemon.post('/v1/files', body, timeout, [('Content-Type', f'multipart/form-data; boundary={BOUNDARY}')])


def place(daemon, name):
    path = os.path.join(daemon.directory, name)
    os.makedirs(path, exist_ok=True)
    return path


@case
def multipart_that_is_broken_is_refused(daemon):
    directory = place(daemon, 'multipart')
    path = f'{directory}/file'
    metadata = json.dumps({'action': 'write', 'files': [{'path': path}]}).encode()
    first = b'Content-Disposition: form-data; name="request"\r\n\r\n' + metadata
    file = b'Content-Disposition: form-data; name="files"; filename="%s"\r\n\r\ncontent' % path.encode()
    mark = b'--' + BOUNDARY.encode()
    whole = mark + b'\r\n' + first + b'\r\n' + mark + b'\r\n' + file + b'\r\n' + mark + b'--\r\n'
    kind = ('Content-Type', f'multipart/form-data; boundary={BOUNDARY}')
    bodies = [whole[:end] for end in range(0, len(whole) - 4, 7)]
    bodies += [
        b'', mark, mark + b'--\r\n', mark + b'garbage\r\n' + first, whole.replace(b'\r\n', b'\n'),
        whole.replace(b'name="request"', b'name="other"'), whole.replace(b'name="files"', b'name=files; name="x'),
        whole.replace(b'filename="', b'filename="x'), whole.replace(metadata, b'{'), whole.replace(metadata, b'[]'),
        whole.replace(metadata, b'{"action":"write","files":[]}'), whole.replace(b'"write"', b'"remove"'),
        mark + b'\r\n' + b'X: ' + b'a' * 100_000 + b'\r\n\r\n', mark + b'\r\n' + b'X: a\r\n' * 20_000,
        mark + b'\r\nContent-Disposition: form-data; name="request"\r\n\r\n' + b'[' * 5_000_000,
        (mark + b'\r\n\r\n\r\n') * 2000, b'\r\n' + mark + b'\r\n\r\n', b'preamble' * 10_000 + mark,
        mark + b'\r\nContent-Disposition: form-data; name="request"\r\n\r\n{"action":"write","files":[' + b'[' * 100_000,
    ]
    for body in bodies:
        expect_refused(daemon, 'multipart', request('POST', '/v1/files', body, [kind]), 30)
    for kind in ['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=short', 'text/plain',
                 'multipart/form-data; boundary="' + 'a' * 40, 'multipart/form-data; boundary=' + 'a' * 70_000, ';;;=', '']:
        data = request('POST', '/v1/files', whole, [('Content-Type', kind)])
        status = judge('content type', data, daemon.ask(data))
        expect(status == 0 or 400 <= status < 500, f'{kind[:60]}: {status}')
    expect(os.listdir(directory) == [], f'something was left behind: {os.listdir(directory)}')


@case
def a_client_that_goes_in_the_middle_of_a_file_leaves_nothing(daemon):
    directory = place(daemon, 'middle')
    with open(f'{directory}/file', 'w') as file:
        file.write('old')
    before = daemon.descriptors()
    metadata = json.dumps({'action': 'write', 'files': [{'path': f'{directory}/file'}]}).encode()
    mark = b'--' + BOUNDARY.encode()
    body = (mark + b'\r\nContent-Disposition: form-data; name="request"\r\n\r\n' + metadata + b'\r\n' + mark + b'\r\n'
            b'Content-Disposition: form-data; name="files"; filename="%s/file"\r\n\r\n' % directory.encode() + b'new' * 50_000)
    data = request('POST', '/v1/files', body + b'x' * 1000, [('Content-Type', f'multipart/form-data; boundary={BOUNDARY}')])
    for cut in range(1, 20):
        with daemon.connect() as stream:
            stream.sendall(data[:len(data) * cut // 20])
    daemon.await_descriptors(before + 2)
    # The last of them may still be at work on a busy machine.
    deadline = time.monotonic() + 20
    while os.listdir(directory) != ['file'] and time.monotonic() < deadline:
        time.sleep(0.05)
    expect(os.listdir(directory) == ['file'], f'something was left behind: {os.listdir(directory)}')
    with open(f'{directory}/file') as file:
        expect(file.read() == 'old', 'half a file was put in place')


@case
def links_are_replaced_and_removed_but_not_followed(daemon):
    directory = place(daemon, 'links')
    outside = place(daemon, 'outside')
    with open(f'{outside}/kept', 'w') as file:
        file.write('kept')
    os.symlink(f'{outside}/kept', f'{directory}/link')
    os.symlink(outside, f'{directory}/link-to-directory')
    expect(write(daemon, {f'{directory}/link': b'new'})[0] == 200, 'cannot write over a link')
    expect(not os.path.islink(f'{directory}/link'), 'a link was written through')
    os.makedirs(f'{directory}/below/deeper')
    os.symlink(outside, f'{directory}/below/deeper/link')
    for path in [f'{directory}/link-to-directory', f'{directory}/below']:
        reply = change_files(daemon, {'action': 'remove', 'paths': [{'path': path, 'recursive': True}]})
        expect(b'error' not in reply[1].split(b'\r\n\r\n', 1)[1], f'{reply}')
        expect(not os.path.lexists(path), f'{path} is still there')
    with open(f'{outside}/kept') as file:
        expect(file.read() == 'kept', 'a link was followed')


@case
def a_link_put_in_the_way_of_a_removal_leads_nowhere(daemon):
    outside = place(daemon, 'race-outside')
    ending = threading.Event()

    def swap(directory):
        while not ending.is_set():
            for first, second in [('real', 'aside'), ('link', 'real'), ('real', 'link'), ('aside', 'real')]:
                try:
                    os.rename(f'{directory}/tree/{first}', f'{directory}/tree/{second}')
                except OSError:
                    pass

    os.makedirs(f'{outside}/victim/deeper')
    for name in range(20):
        open(f'{outside}/victim/kept{name}', 'w').close()
    for number in range(60):
        directory = place(daemon, f'race{number}')
        os.makedirs(f'{directory}/tree/real/victim/deeper')
        for name in range(20):
            open(f'{directory}/tree/real/victim/file{name}', 'w').close()
        os.symlink(outside, f'{directory}/tree/link')
        ending.clear()
        thread = threading.Thread(target=swap, args=[directory])
        thread.start()
        change_files(daemon, {'action': 'remove', 'paths': [{'path': f'{directory}/tree', 'recursive': True}]})
        ending.set()
        thread.join()
        expect(len(os.listdir(f'{outside}/victim')) == 21, f'a removal left its directory: {os.listdir(outside)}')


@case
def paths_without_measure_are_refused(daemon):
    for path in ['/' + 'a/' * 300_000, '/' * 3_000_000, '/' + 'a' * 3_000_000, '/..' * 200_000, f'{daemon.directory}/' + 'b' * 256]:
        for body in [{'action': 'make-dirs', 'dirs': [{'path': path, 'make-parents': True}]},
                     {'action': 'make-dirs', 'dirs': [{'path': path}]},
                     {'action': 'remove', 'paths': [{'path': path, 'recursive': True}]} if 'a' in path or 'b' in path else
                     {'action': 'remove', 'paths': [{'path': path}]}]:
            reply = change_files(daemon, body)
            expect(reply[0] in (200, 400), f'{path[:20]}: {reply[0]}')
        if len(path) < 1_000_000:
            reply = write(daemon, {path: b'x'}, **{'make-dirs': True})
            expect(reply[0] in (200, 400), f'{path[:20]}: {reply[0]}')
        daemon.check_alive('a path without measure')
    expect(os.path.isdir('/usr'), 'the cage is gone')


@case
def a_tree_deeper_than_a_path_may_be_is_removed(daemon):
    directory = place(daemon, 'deep')
    before = daemon.descriptors()
    inside = os.open(directory, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir('d', dir_fd=inside)
        below = os.open('d', os.O_RDONLY, dir_fd=inside)
        os.close(inside)
        inside = below
    os.close(inside)
    reply = change_files(daemon, {'action': 'remove', 'paths': [{'path': directory, 'recursive': True}]})
    expect(reply[0] == 200, f'{reply}')
    expect(not os.path.exists(directory), f'the tree is still there: {reply[1][-300:]}')
    daemon.await_descriptors(before + 2)


@case
def what_is_no_file_is_neither_read_nor_waited_for(daemon):
    directory = place(daemon, 'special')
    os.mkfifo(f'{directory}/pipe')
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f'{directory}/socket')
    os.symlink('loop', f'{directory}/loop')
    os.symlink('/nowhere', f'{directory}/dangling')
    os.symlink(f'{directory}/pipe', f'{directory}/to-pipe')
    before = daemon.descriptors()
    for name in ['pipe', 'socket', 'loop', 'dangling', 'to-pipe', '', 'pipe/x', '/dev/tty']:
        reply = daemon.ask(request('GET', f'/v1/files?action=read&path={directory}/{name}', None,
                                   [('Accept', 'multipart/form-data')]))
        expect(reply[0] == 200 and b'"error"' in reply[1], f'{name}: {reply}')
        judge(name, name.encode(), daemon.ask(request('GET', f'/v1/files?action=list&path={directory}/{name}')))
    # The length of what the kernel makes up is not known beforehand.
    reply = daemon.ask(request('GET', '/v1/files?action=read&path=/proc/self/status', None, [('Accept', 'multipart/form-data')]))
    expect(b'VmRSS' in reply[1], f'{reply[1][:200]}')
    many = '&'.join(f'path={directory}/{number}' for number in range(2000))
    expect(daemon.ask(request('GET', f'/v1/files?action=read&{many}', None, [('Accept', 'multipart/form-data')]), 30)[0] == 200, 'many paths')
    for name in ['pipe', 'socket', 'loop', 'dangling']:
        expect(write(daemon, {f'{directory}/{name}': b'x'})[0] == 200, f'cannot write over {name}')
        expect(os.path.isfile(f'{directory}/{name}') and not os.path.islink(f'{directory}/{name}'), name)
    listener.close()
    daemon.await_descriptors(before + 2)


@case
def names_that_are_no_text_can_be_listed(daemon):
    directory = place(daemon, 'names')
    for name in [b'\xff\xfe', b'new\nline', b'"quote"', b'\x1b[31m', b'a' * 255]:
        open(directory.encode() + b'/' + name, 'w').close()
    reply = daemon.ask(request('GET', f'/v1/files?action=list&path={directory}'))
    expect(reply[0] == 200 and len(body_of(reply)['result']) == 5, f'{reply}')


@case
def permissions_and_owners_that_are_none_are_refused(daemon):
    directory = place(daemon, 'owners')
    for fields in [{'permissions': text} for text in ['8', '999', '7777', '-01', '+77', ' 77', '0x7', '1e1', 'rwx', '00000000000777']] + [
            {'user-id': -1}, {'user-id': 2 ** 32}, {'user-id': 2 ** 63 - 1}, {'group-id': 2 ** 40, 'user-id': 0}, {'user': 'nobody\0'},
            {'user': 'zzz'}, {'user': ''}, {'group': 'zzz', 'user': 'root'}, {'user-id': 0, 'user': 'nobody'}, {'user': '../root'}]:
        expect_no_crash = write(daemon, {f'{directory}/file': b'x'}, **fields)
        expect(expect_no_crash[0] in (200, 400), f'{fields}: {expect_no_crash}')
        if fields.get('user') != '' and os.path.exists(f'{directory}/file'):
            expect(False, f'{fields}: accepted as {oct(os.stat(directory + "/file").st_mode)}, {os.stat(directory + "/file").st_uid}')
        reply = change_files(daemon, {'action': 'make-dirs', 'dirs': [{'path': f'{directory}/made', **fields}]})
        expect(reply[0] in (200, 400), f'{fields}: {reply}')
        if os.path.exists(f'{directory}/file'):
            os.unlink(f'{directory}/file')
        if os.path.exists(f'{directory}/made'):
            os.rmdir(f'{directory}/made')


@case
def a_full_disk_is_told_and_the_old_content_stays(daemon):
    tiny = '/tmp/tiny'
    if not os.path.ismount(tiny):
        print('  skipped: there is no small disk outside the cage')
        return
    expect(write(daemon, {f'{tiny}/file': b'old'})[0] == 200, 'cannot write')
    before = daemon.descriptors()
    reply = write(daemon, {f'{tiny}/file': b'x' * 1_000_000, f'{tiny}/other': b'y' * 1_000_000})
    results = body_of(reply)['result']
    expect([item['error']['kind'] for item in results] == ['generic-file-error'] * 2, f'{results}')
    expect('no space left' in results[0]['error']['message'], f'{results}')
    with open(f'{tiny}/file') as file:
        expect(file.read() == 'old', 'the old content is gone')
    expect(os.listdir(tiny) == ['file'], f'something was left behind: {os.listdir(tiny)}')
    daemon.await_descriptors(before + 2)
