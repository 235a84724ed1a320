# Where CUDA's toolkit is, for scripts to source: NVRTC wants its headers.
for home in "${CUDA_PATH:-}" "${CUDA_HOME:-}" /usr/local/cuda; do
    [ -n "$home" ] && [ -d "$home/include" ] && export CUDA_PATH=$home CUDA_HOME=$home && break
done
