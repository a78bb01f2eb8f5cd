// What a study is made of once it is expanded: cells (one variant with one seed) and the jobs that
// fill them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::trial {

/// How a job fills its cells (docs/events.md).
enum class CellKind {
  process,  ///< one process, one cell
  worker,   ///< one cell, run in a fork of a program that stays loaded
  many,     ///< one process that reports many cells by key columns
};

/// One variant with one seed: the unit that is measured, recorded, and run again.
struct Cell {
  std::string key;        ///< hex SHA-256 of variant, parameters and seed
  std::string variant;    ///< name of the variant
  JsonObject params;      ///< every parameter with its value
  std::int64_t seed = 0;  ///< what ORDO_SEED says
};

/// A piece of work for the runner: one process, or one fork of a worker.
struct Job {
  CellKind kind = CellKind::process;
  std::vector<Cell> cells;             ///< exactly one unless kind is `many`
  std::vector<std::string> argv;       ///< the command; of a worker: the program that stays loaded
  std::vector<std::string> arguments;  ///< of a worker: the words of this cell; else empty
  JsonObject env;                      ///< set on top of the runner's environment; values are texts
  std::filesystem::path folder;        ///< working folder; empty: the runner's
  std::string stdin_text;              ///< what the process reads on standard input
  std::string fingerprint;        ///< of program and inputs; a cell recorded with another is stale
  double time_limit = 0;          ///< seconds of wall clock; 0: none
  std::int64_t memory_limit = 0;  ///< bytes resident in the whole process tree; 0: none
  std::int64_t output_limit = 0;  ///< bytes it may print before it is stopped; 0: none
  int retries = 0;                ///< further attempts after a failure
};

}  // namespace ordo::trial
