// SPDX-License-Identifier: Apache-2.0
#include "CVersion.h"

// Package.swift defines it when INDICO_OPERATOR_VERSION is set, as scripts/build-release.sh does from the Git tag. Only
// this file is compiled anew then: nothing written in Swift knows the text.
#ifndef INDICO_OPERATOR_VERSION
#define INDICO_OPERATOR_VERSION "0.1.0-dev"
#endif

const char *indico_operator_version(void) {
    return INDICO_OPERATOR_VERSION;
}
