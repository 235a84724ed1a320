//! The contracts of fusers and of the fusions that they fit.
