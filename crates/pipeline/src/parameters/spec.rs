//! The table of this room.
