//! Fusion, selection and metrics as CubeCL kernels.
