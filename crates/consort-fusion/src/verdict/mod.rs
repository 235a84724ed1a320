//! What an ensemble gains over its best member, estimated honestly.
