// Where tensors live, what their numbers are, and how many threads work on them.
#pragma once

#include <string>
#include <vector>

#include <torch/types.h>

namespace ordo::tensor {

/// "cpu", "cuda", "cuda:1". Throws UsageError naming the devices that are there.
torch::Device parse_device(const std::string& name);
/// The devices that this machine and this LibTorch have: "cpu", "cuda:0", ...
std::vector<std::string> devices();

/// "float32", "float64", "bfloat16", "float16". Throws UsageError.
torch::Dtype parse_dtype(const std::string& name);
/// NumPy's name of a type, as parse_dtype takes it.
std::string name_of(torch::Dtype dtype);

/// LibTorch's one pool gets this many threads; `threads` >= 1. Call it before other tensor work.
void set_threads(int threads);

/// For programs that train: up to 2 GB that tensors have freed stay with the process for the next
/// ones, where glibc hands them back to the system at each step and faults them in again (a seventh
/// of a small network's step). Elsewhere it does nothing.
void keep_freed_memory();

}  // namespace ordo::tensor
