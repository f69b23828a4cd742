#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs Canonical's own tests of a real Pebble against ours, unchanged: scripts/pebble-peers.sh [BINARY].
# They are test/test_real_pebble.py of ops, in its source distribution; CHECKOUT=path takes a checkout of
# canonical/operator instead. Python packages come from PyPI, once, into .build/pebble-peers.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$(realpath "${1:-.build/debug/pebble}")
[[ -x $binary ]] || {
    echo "there is no $binary: build it first, with 'swift build --product pebble'" >&2
    exit 2
}
requirements=packaging/requirements-pebble-peers.txt
version=$(sed -n 's/^ops==//p' "$requirements")
# The source distribution as it was when this was written: what runs is Canonical's, to the letter.
sdist_sum=f8fd7fa05359e9fc057663b1a652602f5803db0b37e1bbfe9b63971c54e4b3b3
# Long enough for every request, short enough for a log nobody scrolls through.
home=$PWD/.build/pebble-peers

install_peers() {
    local stamp
    stamp=$(sha256sum <"$requirements")
    [[ $(cat "$home/installed" 2>/dev/null) != "$stamp" ]] || return 0
    mkdir -p "$home"
    python3 -m venv --clear "$home/venv"
    "$home/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    "$home/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
        --no-build-isolation --dest "$home" "ops==$version"
    echo "$sdist_sum  $home/ops-$version.tar.gz" | sha256sum --check --quiet
    tar -xzf "$home/ops-$version.tar.gz" -C "$home"
    printf '%s\n' "$stamp" >"$home/installed"
}

install_peers
checkout=$(realpath "${CHECKOUT:-$home/ops-$version}")
[[ -f $checkout/test/test_real_pebble.py ]] || {
    echo "there is no test/test_real_pebble.py in $checkout" >&2
    exit 2
}

# The tests ask for the health on port 4000, whatever else this machine has there: so in a network of its own, where
# that can be had.
run_tests() {
    local directory daemon status=0
    directory=$(mktemp -d)
    PEBBLE=$directory "$binary" run --http=:4000 >"$directory.log" 2>&1 &
    daemon=$!
    # shellcheck disable=SC2064
    trap "kill $daemon 2>/dev/null; wait $daemon 2>/dev/null; rm -r -- '$directory' '$directory.log'" EXIT
    for _ in $(seq 200); do
        [[ -S $directory/.pebble.socket ]] && break
        kill -0 "$daemon" 2>/dev/null || { cat "$directory.log" >&2; exit 1; }
        sleep 0.05
    done
    cd "$checkout"
    RUN_REAL_PEBBLE_TESTS=1 PEBBLE=$directory PYTHONPATH=$checkout PYTHONDONTWRITEBYTECODE=1 \
        "$home/venv/bin/python" -m pytest -q -p no:cacheprovider test/test_real_pebble.py || status=$?
    [[ $status = 0 ]] || tail -n 50 "$directory.log" >&2
    return "$status"
}

if [[ ${PEBBLE_PEERS_INSIDE:-} = 1 ]]; then
    ip link set lo up
    run_tests
elif command -v ip >/dev/null && unshare --net true 2>/dev/null; then
    PEBBLE_PEERS_INSIDE=1 CHECKOUT=$checkout unshare --net "$0" "$binary"
else
    run_tests
fi
