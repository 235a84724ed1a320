//! Examples of consort; the files beside this one.
