//! End to end: the real binary, the real compute process, the real SDKs.
