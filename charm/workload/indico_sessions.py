# SPDX-License-Identifier: Apache-2.0
"""Sessions belong to one database: with another one they are dropped before anything is served."""

import sys

from indico_common import Failure, cache_client, database, database_identity, first_line, read_config
from indico_schema import schema_state
from indico_telling import tell, tell_state, tell_statistics

# Where the cache remembers which database its sessions belong to.
DATABASE_KEY = 'indico-operator/database'

def guard_sessions(request):
    """Drop every session when the cache was filled against another database; called before anything is served.

    A session holds no more than a user's number, and numbers are given again in a new database: without this, an old
    cookie is whoever has that number now.
    """
    config = read_config()
    if not config.get('REDIS_CACHE_URL'):
        return {'dropped': 0, 'changed': False}
    with database(config) as cursor:
        identity = database_identity(cursor)
        # At the very first start the charm looks at the database before the exporter listens, and not again for a while.
        # Whatever is wrong with the code that is compared, sessions are guarded all the same.
        try:
            tell_state(schema_state(config, cursor)['state'])
        except (Failure, OSError, ValueError, SyntaxError) as error:
            print(f'cannot tell the state of the schema: {first_line(error)}', file=sys.stderr)
        tell_statistics(config, cursor)
    cache = cache_client(config)
    known = cache.get(DATABASE_KEY)
    if known is not None and known.decode() == identity:
        return {'dropped': 0, 'changed': False, 'identity': identity}
    dropped = drop_cached(cache)
    cache.set(DATABASE_KEY, identity)
    tell('session_invalidations:1|c')
    return {'dropped': dropped, 'changed': True, 'identity': identity}


def invalidate_sessions(request):
    dropped = drop_cached(cache_client(read_config()))
    tell('session_invalidations:1|c')
    return {'dropped': dropped}


def drop_cached(cache):
    """Delete all that Indico keeps in the cache: sessions, and memoized answers that name users of the database."""
    dropped = 0
    batch = []
    for key in cache.scan_iter(match='indico_v*', count=1000):
        dropped += b'_flask-session/' in key
        batch.append(key)
        if len(batch) == 500:
            cache.unlink(*batch)
            batch = []
    if batch:
        cache.unlink(*batch)
    return dropped
