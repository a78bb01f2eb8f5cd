// JSON Lines: one value a line.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ordo/base/json.h"

namespace ordo {

/// Calls `visit(value, line)` for each line that is not blank; lines count from 1. Throws
/// InputError with the line and column of what is malformed.
void visit_jsonl(std::string_view text, const std::string& source,
                 const std::function<void(Json value, std::size_t line)>& visit);
/// All values of a file.
std::vector<Json> read_jsonl(const std::filesystem::path& path);
/// Appends one line with a single write, so that the lines of several processes do not mix. The
/// file is made if absent. Throws IoError.
void append_jsonl(const std::filesystem::path& path, const Json& value);

}  // namespace ordo
