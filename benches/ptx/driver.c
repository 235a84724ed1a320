/* A CUDA driver without a card: it keeps the code that it is given, and runs none of it.
 *
 * So a program finds a device of the compute capability STAND_IN_SM (such as 90), has its kernels compiled by NVRTC, and
 * launches them; what came to be loaded lies in the folder STAND_IN_KEEP, one file a kernel. Results are noise.
 * Built and used by `benches/ptx/run`.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef int Result;
typedef void *Handle;
typedef unsigned long long Address;

static int token;

static int capability(void) {
    const char *sm = getenv("STAND_IN_SM");
    return sm ? atoi(sm) : 90;
}

Result cuInit(unsigned flags) { (void)flags; return 0; }
/* NVRTC asks for tables of functions: one that holds nothing but its own size. */
Result cuGetExportTable(const void **table, const void *id) {
    static const size_t nothing = sizeof nothing;
    (void)id;
    *table = &nothing;
    return 0;
}
Result cuDriverGetVersion(int *version) { *version = 12090; return 0; }
Result cuDeviceGetCount(int *count) { *count = 1; return 0; }
Result cuDeviceGet(int *device, int index) { *device = index; return index == 0 ? 0 : 101; }
Result cuDeviceGetName(char *name, int len, int device) {
    (void)device;
    snprintf(name, len, "stand-in for sm_%d", capability());
    return 0;
}
Result cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; *bytes = (size_t)64 << 30; return 0; }
Result cuDeviceGetPCIBusId(char *id, int len, int device) { (void)device; snprintf(id, len, "0000:00:00.0"); return 0; }
Result cuDeviceGetUuid_v2(char *id, int device) { (void)device; memset(id, 1, 16); return 0; }
Result cuDeviceGetUuid(char *id, int device) { return cuDeviceGetUuid_v2(id, device); }

/* The attributes of an A100 or H100 that a runtime asks for; 0 says that there is none of it. */
Result cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    int sm = capability();
    switch (attribute) {
    case 1: *value = 1024; break;                        /* threads of a block */
    case 2: case 3: *value = 1024; break;                /* block, x and y */
    case 4: *value = 64; break;                          /* block, z */
    case 5: *value = 2147483647; break;                  /* grid, x */
    case 6: case 7: *value = 65535; break;               /* grid, y and z */
    case 8: *value = 49152; break;                       /* shared memory of a block */
    case 10: *value = 32; break;                         /* warp */
    case 12: *value = 65536; break;                      /* registers of a block */
    case 16: *value = sm >= 90 ? 132 : 108; break;       /* multiprocessors */
    case 39: *value = 2048; break;                       /* threads of a multiprocessor */
    case 75: *value = sm / 10; break;                    /* compute capability */
    case 76: *value = sm % 10; break;
    case 97: *value = sm >= 90 ? 232448 : 166912; break; /* shared memory of a block that asks for it */
    case 115: *value = 1; break;                         /* pools of memory */
    default: *value = 0;
    }
    return 0;
}

Result cuDevicePrimaryCtxRetain(Handle *context, int device) { (void)device; *context = &token; return 0; }
Result cuDevicePrimaryCtxRelease_v2(int device) { (void)device; return 0; }
Result cuCtxSetCurrent(Handle context) { (void)context; return 0; }
Result cuCtxGetCurrent(Handle *context) { *context = &token; return 0; }
Result cuCtxSynchronize(void) { return 0; }
Result cuCtxGetStreamPriorityRange(int *least, int *greatest) { *least = *greatest = 0; return 0; }

Result cuStreamCreate(Handle *stream, unsigned flags) { (void)flags; *stream = malloc(1); return 0; }
Result cuStreamCreateWithPriority(Handle *stream, unsigned flags, int priority) {
    (void)priority;
    return cuStreamCreate(stream, flags);
}
Result cuStreamDestroy_v2(Handle stream) { free(stream); return 0; }
Result cuStreamSynchronize(Handle stream) { (void)stream; return 0; }
Result cuStreamQuery(Handle stream) { (void)stream; return 0; }
Result cuStreamWaitEvent(Handle stream, Handle event, unsigned flags) { (void)stream, (void)event, (void)flags; return 0; }
Result cuEventCreate(Handle *event, unsigned flags) { return cuStreamCreate(event, flags); }
Result cuEventDestroy_v2(Handle event) { free(event); return 0; }
Result cuEventRecord(Handle event, Handle stream) { (void)event, (void)stream; return 0; }
Result cuEventSynchronize(Handle event) { (void)event; return 0; }
Result cuEventQuery(Handle event) { (void)event; return 0; }
Result cuEventElapsedTime(float *ms, Handle start, Handle end) { (void)start, (void)end; *ms = 0.001f; return 0; }
Result cuEventElapsedTime_v2(float *ms, Handle start, Handle end) { return cuEventElapsedTime(ms, start, end); }

/* Memory that takes no room until somebody writes there. */
Result cuMemAlloc_v2(Address *address, size_t bytes) {
    size_t all = (bytes + 8191) & ~(size_t)4095;
    char *at = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return 2;
    *(size_t *)at = all;
    *address = (Address)(uintptr_t)(at + 4096);
    return 0;
}
Result cuMemFree_v2(Address address) {
    char *at = (char *)(uintptr_t)address - 4096;
    munmap(at, *(size_t *)at);
    return 0;
}
Result cuMemAllocAsync(Address *address, size_t bytes, Handle stream) { (void)stream; return cuMemAlloc_v2(address, bytes); }
Result cuMemFreeAsync(Address address, Handle stream) { (void)stream; return cuMemFree_v2(address); }
Result cuMemAllocHost_v2(void **at, size_t bytes) { *at = calloc(1, bytes); return *at ? 0 : 2; }
Result cuMemFreeHost(void *at) { free(at); return 0; }
Result cuMemGetInfo_v2(size_t *left, size_t *all) { *left = *all = (size_t)64 << 30; return 0; }
Result cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t bytes, Handle stream) {
    (void)stream;
    memcpy((void *)(uintptr_t)to, from, bytes);
    return 0;
}
Result cuMemcpyDtoHAsync_v2(void *to, Address from, size_t bytes, Handle stream) {
    (void)stream;
    memcpy(to, (void *)(uintptr_t)from, bytes);
    return 0;
}
Result cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, Handle stream) {
    return cuMemcpyHtoDAsync_v2(to, (void *)(uintptr_t)from, bytes, stream);
}

/* What has been loaded: its file, and the most memory that a launch of it asked for, for units to share. */
struct Module {
    int number;
    unsigned shared;
};

/* The code, as text, to a file of its own. */
Result cuModuleLoadData(Handle *handle, const void *image) {
    static int count;
    const char *folder = getenv("STAND_IN_KEEP");
    int number = __sync_fetch_and_add(&count, 1);
    if (folder) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%04d.ptx", folder, number);
        fprintf(stderr, "kept %04d.ptx\n", number);
        FILE *file = fopen(path, "w");
        if (!file) return 1;
        fputs(image, file);
        fclose(file);
    }
    struct Module *module = calloc(1, sizeof *module);
    if (!module) return 2;
    module->number = number;
    *handle = module;
    return 0;
}
Result cuModuleUnload(Handle module) { (void)module; return 0; }
/* A module has one kernel, so that it stands for it. */
Result cuModuleGetFunction(Handle *function, Handle module, const char *name) {
    (void)name;
    *function = module;
    return 0;
}
static Result launched(struct Module *module, unsigned shared) {
    if (shared > module->shared) {
        module->shared = shared;
        fprintf(stderr, "shared %04d.ptx %u\n", module->number, shared);
    }
    return 0;
}
Result cuFuncSetAttribute(Handle function, int attribute, int value) { (void)function, (void)attribute, (void)value; return 0; }
Result cuLaunchKernel(Handle function, unsigned x, unsigned y, unsigned z, unsigned bx, unsigned by, unsigned bz,
                      unsigned shared, Handle stream, void **arguments, void **extra) {
    (void)x, (void)y, (void)z, (void)bx, (void)by, (void)bz, (void)stream, (void)arguments, (void)extra;
    return launched(function, shared);
}
/* The configuration begins with the grid, the block and the bytes that are shared. */
Result cuLaunchKernelEx(const unsigned *config, Handle function, void **arguments, void **extra) {
    (void)arguments, (void)extra;
    return launched(function, config[6]);
}
Result cuGetErrorName(Result error, const char **text) { (void)error; *text = "stand-in"; return 0; }
Result cuGetErrorString(Result error, const char **text) { return cuGetErrorName(error, text); }
