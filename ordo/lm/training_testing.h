// A training of a tiny model by the program itself, for tests that kill, stop and join it.
#pragma once

#include <filesystem>
#include <string>

#include "ordo/base/file.h"
#include "ordo/base/process.h"

namespace ordo::lm {

inline void write_training_text(const std::filesystem::path& file) {
  std::string words;
  for (int line = 0; line < 200; ++line) words += "the cat sat on the mat, and then it left.\n";
  write_file_atomic(file, words);
}

/// Goes on where `out` was interrupted; `programs` is the folder of ordo-lm.
inline Command training_command(const std::string& programs, const std::filesystem::path& text,
                                const std::filesystem::path& out, int steps) {
  return {.argv = {programs + "/ordo-lm",
                   "train",
                   text.string(),
                   "--hidden",
                   "16",
                   "--layers",
                   "1",
                   "--heads",
                   "1",
                   "--vocabulary",
                   "280",
                   "--window",
                   "16",
                   "--batch",
                   "4",
                   "--steps",
                   std::to_string(steps),
                   "--seed",
                   "4",
                   "--threads",
                   "1",
                   "--save-every",
                   "0.02",
                   "--resume",
                   "--quiet",
                   "--out",
                   out.string()}};
}

}  // namespace ordo::lm
