#include "paths.h"
#include "generic.h"

const prnn_kernels prnn_kernels_scalar = {"scalar", prnn_generic_dense, prnn_generic_inputs, prnn_generic_softmax};
