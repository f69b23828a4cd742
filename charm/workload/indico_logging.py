# SPDX-License-Identifier: Apache-2.0
"""Log lines of Indico's processes as JSON, joined by the request they belong to.

logging.yaml names the classes below; indico.conf has Python find this module. nginx gives each request a name, writes
it in its access log and sends it on as X-Request-ID. Here it comes into Indico's lines and into the messages of the
tasks that a request causes, so that Celery's lines about such a task bear the name of the request as well.
"""

import datetime
import json
import logging
import re

# The header of a task's message; a task that another task causes belongs to the same request.
MESSAGE_HEADER = 'indico_request_id'
# As nginx writes it. Anything else was made up by somebody.
NAME = re.compile(r'[0-9a-f]{32}')


def celery_request():
    """What Celery knows of the task this process is at; None outside of tasks."""
    from celery import current_task
    return current_task.request if current_task and current_task.request.id else None


def request_id():
    """Name the request this belongs to; None when there is none."""
    if (task := celery_request()) is not None:
        return known(getattr(task, MESSAGE_HEADER, None))
    from flask import has_request_context, request
    if has_request_context():
        # Whoever comes not through nginx is known by the name Indico makes itself.
        return known(request.headers.get('X-Request-ID')) or getattr(request, 'id', None)
    return None


def known(name):
    return name if isinstance(name, str) and NAME.fullmatch(name) else None


class RequestFilter(logging.Filter):
    """Adds the request's name to each record, in place of the one Indico makes up."""

    def filter(self, record):
        record.request_id = request_id() or '-'
        return True


class JSONFormatter(logging.Formatter):
    """One object a line, whatever the message holds."""

    def format(self, record):
        time = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)
        fields = {'time': time.isoformat(timespec='milliseconds').replace('+00:00', 'Z'),
                  'level': record.levelname, 'logger': record.name, 'message': record.getMessage()}
        for name in ('request_id', 'user_id'):
            value = getattr(record, name, '-')
            if value not in ('-', None):
                fields[name] = value
        if (task := celery_request()) is not None:
            fields |= {'task': task.task, 'task_id': task.id}
        if record.exc_info:
            fields['exception'] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False, default=str)


def carry_request_id(headers=None, **_):
    if headers is not None and (name := request_id()) is not None:
        headers.setdefault(MESSAGE_HEADER, name)


def install():
    from celery.signals import before_task_publish
    before_task_publish.connect(carry_request_id, weak=False, dispatch_uid='indico-operator-request-id')


install()
