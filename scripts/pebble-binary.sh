# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced: takes the program that the tests of Pebble are about from the arguments, if they begin with one.
binary=.build/debug/pebble
if [[ $# -gt 0 && $1 != -* ]]; then
    binary=$1
    shift
fi
[[ -x $binary ]] || {
    echo "there is no $binary: build it first, with 'swift build --product pebble'" >&2
    exit 2
}
