//! Selection of members.
