// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The version of this build, as text that lives for ever.
const char *_Nonnull indico_operator_version(void);
