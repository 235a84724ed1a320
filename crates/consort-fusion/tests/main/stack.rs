//! Tests of the room `stack`.
