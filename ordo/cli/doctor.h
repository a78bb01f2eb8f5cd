// What is installed here and what is missing: the checks behind `ordo doctor`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/context.h"
#include "ordo/base/error.h"
#include "ordo/base/options.h"

namespace ordo::cli {

struct DoctorOptions {
  std::filesystem::path programs;         ///< folder of the ordo programs
  std::filesystem::path store = ".ordo";  ///< a store whose disk is looked at

  void describe(OptionSet& set) {
    set.add("store", store, "Folder of a store, whose file system is looked at.")
        .placeholder("DIR");
  }
};

/// One thing that was looked at.
struct Finding {
  enum class State { good, missing, bad } state = State::good;
  std::string name = {};    ///< "python3", "free disk"
  std::string found = {};   ///< version or figure
  std::string advice = {};  ///< what it is needed for and how to get it; empty if all is good
  bool needed = false;      ///< the programs cannot work without it
};

struct Diagnosis {
  std::vector<Finding> findings;
};

Json to_json(const Diagnosis& diagnosis);
std::string to_text(const Diagnosis& diagnosis);
/// `no` if something needed is missing or bad.
ExitCode exit_code(const Diagnosis& diagnosis);

/// Of the LibTorch that the programs for tensors were built with (an empty version: without).
/// `gpus` is where NVIDIA's driver lists them. Loads nothing.
Finding look_at_libtorch(const std::string& version, const std::filesystem::path& folder,
                         const std::filesystem::path& gpus = "/proc/driver/nvidia/gpus");

/// Looks at the machine, the ordo programs beside this one, and the tools that verbs call. Starts
/// each tool once to ask its version, with a time limit.
Diagnosis diagnose(const DoctorOptions& options, Context& context);

}  // namespace ordo::cli
