// {placeholders} in the words of a command. `{name}` is replaced by a value; `{{name}}` stands for
// the text {name}; `${name}` is left to the shell; any other brace is a brace. Filling happens
// after a command was split into words, so that a value is never split or read by a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/json.h"

namespace ordo::trial {

/// The names in `text`, in order, with repetitions.
std::vector<std::string> placeholders(std::string_view text);

enum class Quoting {
  none,   ///< values as they are
  shell,  ///< values in single quotes, for a script that /bin/sh reads
};

/// `text` with each placeholder replaced by its value in `values`. Throws UsageError for a name
/// that `values` lacks.
std::string fill(std::string_view text, const JsonObject& values, Quoting quoting = Quoting::none);

/// A value as a command line shows it: strings as they are, everything else as JSON.
std::string as_word(const Json& value);

/// `text` in single quotes as a POSIX shell reads them.
std::string shell_quote(std::string_view text);

/// Splits a command at blanks as a POSIX shell would, with '...', "..." and \ but without
/// expanding anything. Throws InputError with `where` as its place for a quote that is not closed.
std::vector<std::string> split_words(std::string_view text, const Location& where = {});

}  // namespace ordo::trial
