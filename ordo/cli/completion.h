// Shell completion: a script for the shell, which asks the programs themselves for candidates
// (`ordo __verbs` and `ordo VERB __complete WORDS...`), so that it never goes stale.
#pragma once

#include <string>

namespace ordo::cli {

/// The script for "bash", "zsh" or "fish". Throws UsageError for any other shell.
std::string completion_script(const std::string& shell);

}  // namespace ordo::cli
