// SPDX-License-Identifier: Apache-2.0

/// The name of this room, until its first real type moves in.
enum PebbleCommandsRoom {}
